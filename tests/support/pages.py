"""Helpers that open a picture as a page of the engine and apply EXIF orientations."""

import numpy as np

from worker.vision.documents import FORMATS
from worker.vision.documents.formats import detect_format, read_picture
from worker.vision.documents.pictures.raster import RasterPage
from worker.vision.geometry import Box, Image

MAX_PIXELS = 64_000_000


def page_of(data: bytes, max_pixels: int = MAX_PIXELS) -> RasterPage:
    """Return the page of a picture file in any format."""
    return RasterPage(read_picture(data, detect_format(data, FORMATS)), 1, max_pixels)


def whole(page: RasterPage) -> Image:
    """Return the picture of a page at full resolution."""
    width, height = page.size
    return page.region(Box(0, 0, width, height))


def as_stored(upright: Image, orientation: int) -> Image:
    """Return a picture as it is stored with this EXIF orientation (Exif 3.0, tag 0x0112)."""
    return np.ascontiguousarray(
        {
            1: upright,
            2: upright[:, ::-1],
            3: upright[::-1, ::-1],
            4: upright[::-1],
            5: upright.transpose(1, 0, 2),
            6: np.rot90(upright, 1),
            7: upright[::-1, ::-1].transpose(1, 0, 2),
            8: np.rot90(upright, -1),
        }[orientation]
    )
