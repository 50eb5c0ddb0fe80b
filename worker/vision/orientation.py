"""Which way up a page is, and the faces on it once it is the right way up.

The detector finds upright faces. One pass over a clear upright document settles it. A face that leaves doubt is looked
at again, it alone and in four quarter turns, which costs half of a pass and names the right way up; all four turns of a
whole page are needed only where no face was found at all, and a closer look only where none of any page's turns showed
one. A portrait that leans is looked at once more, levelled: the detector underestimates a large roll.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from worker.vision.detector import CenterFaceDetector
from worker.vision.geometry import Box, Face, Image, rotate_points
from worker.vision.pages import Page
from worker.vision.portrait import PlacedFace, cut_out

LONG_SIDE = 384
"""Pixels of the page's longer side for detection. Of the sizes from 320 to 640 it is the one whose best quarter turn
named the right way up for 49 of 49 specimen documents, and it costs a third of 640."""

GLANCE_LONG_SIDE = 192
_GLANCE_SCORE = 0.85
_GLANCE_SHARE = 0.25
"""First look where only the portrait is asked for: a face this sure, and whose box is this share of the page's side,
as in a selfie, is the portrait whatever else a larger look would find. It costs a quarter of that."""

CLOSER_LONG_SIDE = 768
"""Second look: a card of 86 mm on an A4 scan has a face of about 20 pixels at 384."""

CLEAR_SCORE = 0.8
CLEAR_ROLL = 20.0
"""An upright pass with a face this sure and this little tilted (degrees) is taken at once. Of 25 upright specimen
documents and 127 photographs all but 2 pass; of the same in three wrong turns, 1 of 456."""

FACE_SCORE = 0.5
"""A page whose best face scores less has none. The faintest portrait on an A4 scan scores 0.52 at 384, and 0.75 at the
second look; nothing on the specimen pages without a portrait reaches it."""

_ALONE_SIDE = 128
_ALONE_CONTEXT = 2.0
"""A face looked at alone: in a square of so many pixels, so many times the longer side of its box. Of squares of 128
and 160 pixels and contexts of 1.7 to 2.2 this one named the right way up for 176 of 176 faces found upright, and took
none of 402 found in a wrong turn for upright."""

_SAME_PLACE = 0.3
"""Intersection over union of a face's box in two looks, one of them levelled, from which it is the same face."""


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


def find_faces(pages: Sequence[Page], detector: CenterFaceDetector, *, portrait_only: bool = False) -> list[PageFaces]:
    """Find the faces of each page of a document, in whichever quarter turn shows them best.

    Parameters
    ----------
    pages
        All pages of the document.
    detector
        Finds upright faces.
    portrait_only
        A face that is the portrait for sure is enough; others need not be found.

    Raises
    ------
    VisionError
        A page cannot be decoded.

    """
    if portrait_only and len(pages) == 1:
        glance = _glance(pages[0], detector)
        if glance is not None:
            return [glance]
    for long_side in (LONG_SIDE, CLOSER_LONG_SIDE):
        found = [_look(page, detector, long_side) for page in pages]
        if any(each.faces for each in found):
            return found
    return found


def _glance(page: Page, detector: CenterFaceDetector) -> PageFaces | None:
    """Return the faces of a page if one of them is large, sure and upright at first glance."""
    factor = max(page.size) / GLANCE_LONG_SIDE
    faces = [face.scaled(factor) for face in detector.detect(page.preview(GLANCE_LONG_SIDE))]
    large = any(
        face.score >= _GLANCE_SCORE
        and abs(face.roll) <= CLEAR_ROLL
        and face.box.area >= _GLANCE_SHARE**2 * page.size[0] * page.size[1]
        for face in faces
    )
    return PageFaces(faces, 0) if large else None


def _look(page: Page, detector: CenterFaceDetector, long_side: int) -> PageFaces:
    """Find the faces of a page at this size; none if the best is not sure enough."""
    nothing = PageFaces([], 0)
    if not page.may_show_a_face:
        return nothing
    preview = page.preview(long_side)
    looks: dict[int, PageFaces] = {}

    def look(quarters: int) -> PageFaces:
        if quarters not in looks:
            faces = detector.detect(np.ascontiguousarray(np.rot90(preview, quarters)))
            looks[quarters] = PageFaces([face.scaled(max(page.size) / long_side) for face in faces], quarters)
        return looks[quarters]

    upright = look(0)
    if upright.best_score >= FACE_SCORE:
        best = max(upright.faces, key=lambda face: face.score)
        if best.score >= CLEAR_SCORE and abs(best.roll) <= CLEAR_ROLL:
            return upright
        named = look(_right_way_up(PlacedFace(page, best, 0), detector))
        if named.best_score >= FACE_SCORE:
            return named
    found = max((look(quarters) for quarters in range(4)), key=lambda each: each.best_score)
    return found if found.best_score >= FACE_SCORE else nothing


def _right_way_up(placed: PlacedFace, detector: CenterFaceDetector) -> int:
    """Return the counter-clockwise quarter turns after which a face, looked at alone, is the surest."""
    square = _alone(placed)
    scores = [
        max((face.score for face in detector.detect(np.ascontiguousarray(np.rot90(square, quarters)))), default=0.0)
        for quarters in range(4)
    ]
    return int(np.argmax(scores))


def _alone(placed: PlacedFace, tilt: float = 0.0) -> Image:
    """Return the square around a face, levelled by this tilt, ``(_ALONE_SIDE, _ALONE_SIDE, 3)``."""
    size = (_ALONE_SIDE, _ALONE_SIDE)
    (x, y), half = placed.face.box.centre, _ALONE_CONTEXT / 2 * max(placed.face.box.width, placed.face.box.height)
    image = cut_out(placed, Box(x - half, y - half, x + half, y + half), tilt, min(1.0, _ALONE_SIDE / (2 * half)))
    if image.shape[:2] == size:
        return image
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def level(placed: PlacedFace, detector: CenterFaceDetector) -> PlacedFace:
    """Look again at a face that leans, levelled by its roll, and return it with landmarks found there.

    An upright face, or one not found again at its place, is returned as it is. A neighbour's face can be the surer one
    in the second look; its landmarks would align the wrong person.
    """
    if placed.tilt == 0.0:
        return placed
    box = placed.face.box
    factor = _ALONE_CONTEXT * max(box.width, box.height) / _ALONE_SIDE
    expected = _centred(box.width / factor, box.height / factor)
    faces = [face for face in detector.detect(_alone(placed, placed.tilt)) if face.score >= FACE_SCORE]
    again = max(faces, key=lambda face: face.box.iou(expected), default=None)
    if again is None or again.box.iou(expected) < _SAME_PLACE:
        return placed
    around_centre = (again.landmarks - np.float32(_ALONE_SIDE / 2)) * np.float32(factor)
    landmarks = rotate_points(around_centre, placed.tilt) + np.array(box.centre, dtype=np.float32)
    return replace(placed, face=replace(placed.face, landmarks=landmarks))


def _centred(width: float, height: float) -> Box:
    """Return the box of this size in the middle of the picture of a face alone."""
    middle = _ALONE_SIDE / 2
    return Box(middle - width / 2, middle - height / 2, middle + width / 2, middle + height / 2)
