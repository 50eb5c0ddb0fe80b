"""The input of the detection networks: a padded picture as float32."""

import cv2
import numpy as np

from worker.vision.geometry import Image
from worker.vision.models.runtime import Array

MULTIPLE = 32
"""Both networks halve their input five times, so that its sides are multiples of this number of pixels."""


def network_input(image: Image, *, bgr: bool = False) -> Array:
    """Pad with black on the right and below to multiples of 32, and return float32 ``(1, 3, H, W)``, 0..255."""
    height, width = image.shape[:2]
    padded = cv2.copyMakeBorder(image, 0, -height % MULTIPLE, 0, -width % MULTIPLE, cv2.BORDER_CONSTANT, value=0)
    return np.asarray(cv2.dnn.blobFromImage(padded, swapRB=bgr), dtype=np.float32)
