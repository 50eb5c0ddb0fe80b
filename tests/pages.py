"""A picture's bytes as the engine's page."""

from worker.vision.documents import FORMATS
from worker.vision.documents.formats import read_picture, recognise
from worker.vision.documents.raster import RasterPage
from worker.vision.geometry import Box, Image

MAX_PIXELS = 64_000_000


def page_of(data: bytes, max_pixels: int = MAX_PIXELS) -> RasterPage:
    """Return the page of a picture of any format."""
    return RasterPage(read_picture(data, recognise(data, FORMATS)), 1, max_pixels)


def whole(page: RasterPage) -> Image:
    """Return a page at its full resolution."""
    width, height = page.size
    return page.region(Box(0, 0, width, height))
