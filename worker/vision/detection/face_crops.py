"""Views of one face: the square around it, cut out of its page, for the detector to look at again."""

from dataclasses import dataclass

import cv2
import numpy as np

from worker.vision.detection.centerface import CenterFaceDetector
from worker.vision.geometry import Box, Image
from worker.vision.portrait import PlacedFace, cut_out


@dataclass(frozen=True, slots=True)
class View:
    """How a face is cut out.

    Attributes
    ----------
    side
        Of the square that the detector gets, in pixels. The cost grows with its square: 128 takes 2 ms on one core.
    context
        Of the square on the page, in longer sides of the face's box.

    """

    side: int
    context: float


CLOSE = View(128, 2.0)
"""Of squares of 128 and 160 pixels and contexts of 1.7 to 2.2 this one named the right way up for 176 of 176 faces
found upright, and took none of 402 found in a wrong turn for upright."""

MORE = (View(128, 3.0), View(192, 2.0), View(256, 2.0))
"""Further views where the first leaves doubt. A face that is spoilt by glare or by a copier's black and white is
seen in some sizes and not in others."""


def face_view(placed: PlacedFace, view: View, tilt: float = 0.0) -> Image:
    """Return the square around a face, levelled by this tilt: uint8 RGB ``(view.side, view.side, 3)``."""
    size = (view.side, view.side)
    (x, y), half = placed.face.box.centre, view.context / 2 * max(placed.face.box.width, placed.face.box.height)
    image = cut_out(placed, Box(x - half, y - half, x + half, y + half), tilt, min(1.0, view.side / (2 * half)))
    if image.shape[:2] == size:
        return image
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def turn_scores(placed: PlacedFace, detector: CenterFaceDetector, view: View = CLOSE) -> list[float]:
    """Return how sure the detector is of a face after 0 to 3 counter-clockwise quarter turns of its view, each 0..1."""
    square = face_view(placed, view)
    return [
        max((face.score for face in detector.detect(np.ascontiguousarray(np.rot90(square, quarters)))), default=0.0)
        for quarters in range(4)
    ]


def sure_turn_scores(placed: PlacedFace, detector: CenterFaceDetector, close: list[float]) -> list[float]:
    """Return the scores by turn over all views: the mean of the best three of four.

    Parameters
    ----------
    placed, detector
        The face, and what looks at it.
    close
        Its scores in the view ``CLOSE``.

    """
    scores = [close, *(turn_scores(placed, detector, view) for view in MORE)]
    return [float(score) for score in np.sort(scores, axis=0)[1:].mean(axis=0)]
