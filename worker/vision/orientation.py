"""Which way up a page is, and the faces on it once it is the right way up.

The detector finds upright faces. One pass over a clear upright document settles it; only a page that leaves doubt is
looked at in its other three quarter turns, and only a page that then still shows nothing is looked at more closely. A
portrait that leans is looked at once more, levelled: the detector underestimates a large roll.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from worker.vision.detector import CenterFaceDetector
from worker.vision.geometry import Box, Face, rotate_points
from worker.vision.pages import Page
from worker.vision.portrait import PlacedFace, cut_out

LONG_SIDE = 384
"""Pixels of the page's longer side for detection. Of the sizes from 320 to 640 it is the one whose best quarter turn
named the right way up for 49 of 49 specimen documents, and it costs a third of 640."""

CLOSER_LONG_SIDE = 768
"""Second look: a card of 86 mm on an A4 scan has a face of about 20 pixels at 384."""

CLEAR_SCORE = 0.8
CLEAR_ROLL = 20.0
"""An upright pass with a face this sure and this little tilted (degrees) is taken at once. Portraits of upright
specimen documents score 0.81 and more at 384; the same pages turned show a second face in hair or print, as a rule with
a lower score or a large roll."""

FACE_SCORE = 0.5
"""A page whose best face scores less has none. The faintest portrait on an A4 scan scores 0.52 at 384, and 0.75 at the
second look; nothing on the specimen pages without a portrait reaches it."""


_LEVELLED_SIDE = 160  # pixels of the square in which a leaning face is looked at again
_LEVELLED_CONTEXT = 2.2  # its side, in longer sides of the face's box


@dataclass(frozen=True, slots=True)
class PageFaces:
    """The faces of a page.

    Attributes
    ----------
    faces
        In the frame of the page after ``quarters`` counter-clockwise quarter turns, at its full resolution.
    quarters
        The turns that bring the page the right way up, 0..3.

    """

    faces: list[Face]
    quarters: int

    @property
    def best_score(self) -> float:
        return max((face.score for face in self.faces), default=0.0)


def find_faces(page: Page, detector: CenterFaceDetector) -> PageFaces:
    """Find the faces of a page in whichever quarter turn shows them best.

    Raises
    ------
    VisionError
        The page cannot be decoded.

    """
    found = _look(page, detector, LONG_SIDE)
    if found.best_score < FACE_SCORE:
        found = _look(page, detector, CLOSER_LONG_SIDE)
    return found if found.best_score >= FACE_SCORE else PageFaces([], 0)


def _look(page: Page, detector: CenterFaceDetector, long_side: int) -> PageFaces:
    preview = page.preview(long_side)
    factor = max(page.size) / max(preview.shape[:2])

    def turned(quarters: int) -> PageFaces:
        faces = detector.detect(np.ascontiguousarray(np.rot90(preview, quarters)))
        return PageFaces([face.scaled(factor) for face in faces], quarters)

    upright = turned(0)
    best = max(upright.faces, key=lambda face: face.score, default=None)
    if best is not None and best.score >= CLEAR_SCORE and abs(best.roll) <= CLEAR_ROLL:
        return upright
    return max(upright, turned(1), turned(2), turned(3), key=lambda found: found.best_score)


def level(placed: PlacedFace, detector: CenterFaceDetector) -> PlacedFace:
    """Look again at a face that leans, levelled by its roll, and return it with landmarks found there.

    An upright face, or one not found again, is returned as it is.
    """
    if placed.tilt == 0.0:
        return placed
    (x, y), half = placed.face.box.centre, _LEVELLED_CONTEXT / 2 * max(placed.face.box.width, placed.face.box.height)
    image = cut_out(placed, Box(x - half, y - half, x + half, y + half), placed.tilt)
    factor = _LEVELLED_SIDE / image.shape[0]
    small = cv2.resize(image, (_LEVELLED_SIDE, _LEVELLED_SIDE), interpolation=cv2.INTER_AREA)
    faces = detector.detect(np.asarray(small, dtype=np.uint8))
    if not faces or faces[0].score < FACE_SCORE:
        return placed
    around_centre = faces[0].landmarks / np.float32(factor) - np.float32(half)
    landmarks = rotate_points(around_centre, placed.tilt) + np.array([x, y], dtype=np.float32)
    return replace(placed, face=replace(placed.face, landmarks=landmarks))
