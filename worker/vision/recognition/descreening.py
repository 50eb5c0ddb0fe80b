"""Descreening: the raster of a printed photograph is smoothed out of an aligned face before it is embedded."""

import cv2
import numpy as np

from worker.vision.geometry import Image

_ROUGH = 10.0
"""Median of the absolute Laplacian of the luminance, in grey levels, over the middle of a chip of 112 pixels. The
median, since raster and grain are everywhere on a print, while the sharp edges of a good photograph are few. Sharp
photographs have 6 to 9, those of Labeled Faces in the Wild 3 to 8, photocopies 7 to 15, halftone 16 to 28."""

_SIGMA = 1.0  # pixels of the chip
_MARGIN = 20  # pixels of the chip without the face's own detail: hair and background


def descreened(chip: Image) -> Image:
    """Return the chip, smoothed if it has a raster or grain all over: ``bench verification`` shows what that gains.

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
