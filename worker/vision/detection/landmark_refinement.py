"""A portrait that leans is looked at once more, levelled: the detector underestimates a large roll."""

from dataclasses import replace

import numpy as np

from worker.vision.detection.centerface import CenterFaceDetector
from worker.vision.detection.face_crops import CLOSE, face_view
from worker.vision.geometry import Box, rotate_points
from worker.vision.portrait import PlacedFace

_FACE_SCORE = 0.5
"""Less than this sure, the second look has not found the face."""

_SAME_PLACE = 0.3
"""Intersection over union of a face's box in two looks, one of them levelled, from which it is the same face."""


def level(placed: PlacedFace, detector: CenterFaceDetector) -> PlacedFace:
    """Look again at a face that leans, levelled by its roll, and return it with landmarks found there.

    An upright face, or one not found again at its place, is returned as it is. A neighbour's face can be the surer one
    in the second look; its landmarks would align the wrong person.
    """
    if placed.tilt == 0.0:
        return placed
    box = placed.face.box
    factor = CLOSE.context * max(box.width, box.height) / CLOSE.side
    expected = _centred(box.width / factor, box.height / factor)
    faces = [face for face in detector.detect(face_view(placed, CLOSE, placed.tilt)) if face.score >= _FACE_SCORE]
    again = max(faces, key=lambda face: face.box.iou(expected), default=None)
    if again is None or again.box.iou(expected) < _SAME_PLACE:
        return placed
    around_centre = (again.landmarks - np.float32(CLOSE.side / 2)) * np.float32(factor)
    landmarks = rotate_points(around_centre, placed.tilt) + np.array(box.centre, dtype=np.float32)
    return replace(placed, face=replace(placed.face, landmarks=landmarks))


def _centred(width: float, height: float) -> Box:
    """Return the box of this size in the middle of the view."""
    middle = CLOSE.side / 2
    return Box(middle - width / 2, middle - height / 2, middle + width / 2, middle + height / 2)
