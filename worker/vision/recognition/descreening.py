"""Descreening: removes the raster of a printed photograph from an aligned face before it is embedded."""

import cv2
import numpy as np

from worker.vision.geometry import Image

_ROUGH = 10.0
"""Median of the absolute Laplacian of the luminance, in grey levels, over the middle of a chip of 112 pixels. The
median is used because a print has raster and grain everywhere, while a good photograph has few sharp edges. Sharp
photographs have 6 to 9, photographs of Labeled Faces in the Wild 3 to 8, photocopies 7 to 15, halftone prints 16 to
28."""

_SIGMA = 1.0  # pixels of the chip
_MARGIN = 20  # pixels at the edge of the chip that show hair and background instead of the face


def descreen(chip: Image) -> Image:
    """Return the chip, smoothed if it has raster or grain everywhere. ``bench verification`` measures the gain.

    Parameters
    ----------
    chip
        Aligned face, uint8 RGB ``(112, 112, 3)``.

    """
    middle = slice(_MARGIN, -_MARGIN)
    laplacian = cv2.Laplacian(cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY), cv2.CV_32F)
    if float(np.median(np.abs(laplacian)[middle, middle])) <= _ROUGH:
        return chip
    return np.asarray(cv2.GaussianBlur(chip, (0, 0), _SIGMA), dtype=np.uint8)
