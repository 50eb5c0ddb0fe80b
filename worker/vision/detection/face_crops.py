"""Square crops around one face, on which the detector runs again."""

import cv2
import numpy as np

from worker.vision.detection.detector import CropSize, Detector
from worker.vision.geometry import Box, Image
from worker.vision.page_face import PageFace, cut_out


def crop_face(page_face: PageFace, crop: CropSize, tilt: float = 0.0) -> Image:
    """Return the square around a face, levelled by this tilt in degrees: uint8 RGB ``(crop.side, crop.side, 3)``."""
    size, box = (crop.side, crop.side), page_face.face.box
    (x, y), half = box.centre, crop.context / 2 * max(box.width, box.height)
    image = cut_out(page_face, Box(x - half, y - half, x + half, y + half), tilt, min(1.0, crop.side / (2 * half)))
    if image.shape[:2] == size:
        return image
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def orientation_scores(page_face: PageFace, detector: Detector, crop: CropSize | None = None) -> list[float]:
    """Return the best score in the crop after 0, 1, 2 and 3 counter-clockwise quarter turns, each 0..1.

    Parameters
    ----------
    page_face, detector
        The face and the detector.
    crop
        Size of the crop; ``profile.sizes.crop`` if not given.

    """
    square = crop_face(page_face, crop or detector.profile.sizes.crop)
    return [
        max((face.score for face in detector.detect(np.ascontiguousarray(np.rot90(square, quarters)))), default=0.0)
        for quarters in range(4)
    ]


def robust_orientation_scores(page_face: PageFace, detector: Detector, first: list[float]) -> list[float]:
    """Return the scores by orientation over all four crops: the mean of the best three.

    Parameters
    ----------
    page_face, detector
        The face and the detector.
    first
        The scores in the crop ``profile.sizes.crop``.

    """
    more = (orientation_scores(page_face, detector, crop) for crop in detector.profile.sizes.more_crops)
    return [float(score) for score in np.sort([first, *more], axis=0)[1:].mean(axis=0)]
