"""Landmarks of a face with a large roll, detected again on a levelled crop: the detector underestimates such a roll."""

from dataclasses import replace

import numpy as np

from worker.vision.detection.detector import Detector
from worker.vision.detection.face_crops import crop_face
from worker.vision.geometry import Box, rotate_points
from worker.vision.page_face import PageFace


def refine_landmarks(page_face: PageFace, detector: Detector) -> PageFace:
    """Detect a tilted face again on a crop that is levelled by its roll, and return the face with the new landmarks.

    A face without tilt is returned unchanged, and so is a face that is not found again at its place. A neighbouring
    face may have the higher score in the crop; its landmarks must not be used.
    """
    if page_face.tilt == 0.0:
        return page_face
    box, profile = page_face.face.box, detector.profile
    crop = profile.sizes.crop
    factor = crop.context * max(box.width, box.height) / crop.side
    expected = _centred(box.width / factor, box.height / factor, crop.side)
    detected = detector.detect(crop_face(page_face, crop, page_face.tilt))
    faces = [face for face in detected if face.score >= profile.scores.face]
    refined = max(faces, key=lambda face: face.box.iou(expected), default=None)
    if refined is None or refined.box.iou(expected) < profile.same_face_iou:
        return page_face
    around_centre = (refined.landmarks - np.float32(crop.side / 2)) * np.float32(factor)
    landmarks = rotate_points(around_centre, page_face.tilt) + np.array(box.centre, dtype=np.float32)
    return replace(page_face, face=replace(page_face.face, landmarks=landmarks))


def _centred(width: float, height: float, side: int) -> Box:
    """Return the box of this size in the middle of a square of this side."""
    middle = side / 2
    return Box(middle - width / 2, middle - height / 2, middle + width / 2, middle + height / 2)
