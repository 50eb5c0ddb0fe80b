"""Pages of a PDF: rendered in parts, or taken from the one scan that the page consists of."""

import re

import numpy as np

from worker.vision.documents.pdf.mupdf import pymupdf
from worker.vision.documents.pdf.trace import Drawing, DrawnPicture
from worker.vision.documents.pictures.raster import RasterPage
from worker.vision.errors import UnreadableImageError, UnreadablePdfError, reading_error
from worker.vision.geometry import Box, Image
from worker.vision.stages import stage

RENDER_DPI = 300
"""Resolution of text and drawings, and minimum resolution of pictures: a portrait of 20 mm is 236 pixels wide."""

_POINTS_PER_INCH = 72
_LONGEST_SIDE = 65_535
"""Maximum side of a page at full resolution, in pixels. Full resolution is that of the finest picture on the page. A
page is never rendered as a whole at full resolution."""

_DAMAGE = re.compile(r"jpe?g|image|filter|jpx|jp2|jbig2|fax", re.IGNORECASE)
"""Matches MuPDF's warnings about a damaged picture. MuPDF draws its readable part."""


class RenderedPage:
    """A page that MuPDF renders, part by part.

    Parameters
    ----------
    page
        The page with its rotation.
    number
        Number of the page, from 1.
    max_pixels
        Maximum number of pixels at ``RENDER_DPI``. A larger page is rendered at a lower resolution.
    drawing
        What the page draws.
    may_show_a_face
        False for a page without pictures.
    size
        Width and height in pixels at full resolution, if known. Otherwise the finest picture determines them.

    Raises
    ------
    UnreadablePdfError
        The page has no area.

    """

    def __init__(  # noqa: PLR0913 - the properties of a page
        self,
        page: pymupdf.Page,
        number: int,
        max_pixels: int,
        drawing: Drawing,
        *,
        may_show_a_face: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        width, height = page.rect.width, page.rect.height
        if not (width > 0 and height > 0):
            raise UnreadablePdfError(f"page {number} has no area")
        self._page = page
        self._drawing = drawing
        self._damage_warnings = ""
        self.number = number
        self.may_show_a_face = may_show_a_face
        zoom = min(RENDER_DPI / _POINTS_PER_INCH, (max_pixels / (width * height)) ** 0.5)
        finest = max((picture.pixels_per_point for picture in drawing.pictures), default=0.0)
        zoom = max(zoom, min(finest, _LONGEST_SIDE / max(width, height)))
        self.size = size or (max(1, round(width * zoom)), max(1, round(height * zoom)))
        self._zoom = (self.size[0] / width, self.size[1] / height) if size else (zoom, zoom)

    def native_scale(self, box: Box) -> float:
        """Return the scale of the finest picture that overlaps this part; 1 if there is none."""
        shown = [picture.pixels_per_point for picture in self._shown(box)]
        return min(1.0, max(shown) / max(self._zoom)) if shown else 1.0

    def approximate_colours(self, box: Box) -> bool:
        return any(picture.approximate for picture in self._shown(box))

    def _shown(self, box: Box) -> list[DrawnPicture]:
        x, y = self._zoom
        part = Box(box.left / x, box.top / y, box.right / x, box.bottom / y)
        return [picture for picture in self._drawing.pictures if picture.overlaps(part)]

    def raise_if_damaged(self) -> None:
        if self._damage_warnings:
            raise UnreadableImageError(f"a picture on page {self.number} is damaged: {self._damage_warnings}")

    def preview(self, long_side: int) -> Image:
        x, y = self._zoom
        factor = long_side / max(x * self._page.rect.width, y * self._page.rect.height)
        return self._draw((factor * x, factor * y), None)

    def region(self, box: Box, scale: float = 1.0) -> Image:
        x, y = self._zoom
        corner = self._page.rect.tl
        clip = pymupdf.Rect(box.left / x, box.top / y, box.right / x, box.bottom / y)
        drawn = self._draw((scale * x, scale * y), clip + pymupdf.Rect(*corner, *corner))
        # MuPDF renders whole pixels: one more if an edge lies between two pixels.
        size = max(1, round(box.width * scale)), max(1, round(box.height * scale))
        return np.ascontiguousarray(drawn[: size[1], : size[0]])

    @stage("decode")
    def _draw(self, zoom: tuple[float, float], clip: pymupdf.Rect | None) -> Image:
        pymupdf.TOOLS.reset_mupdf_warnings()
        try:
            pixmap = self._page.get_pixmap(
                matrix=pymupdf.Matrix(*zoom), clip=clip, colorspace=pymupdf.csRGB, alpha=False
            )
        except Exception as error:
            raise reading_error(error, UnreadablePdfError) from error
        warnings = str(pymupdf.TOOLS.mupdf_warnings())
        if _DAMAGE.search(warnings):
            self._damage_warnings = warnings
        if not (pixmap.width and pixmap.height):  # a page that is thinner than a pixel
            return np.full((max(1, pixmap.height), max(1, pixmap.width), 3), 255, np.uint8)
        return np.frombuffer(pixmap.samples, dtype=np.uint8).reshape(pixmap.height, pixmap.width, 3)


class ScannedPage:
    """A page that consists of one scan. If the scan cannot be decoded, the page is rendered instead.

    Parameters
    ----------
    scan
        The pixels of the scan.
    rendered
        The same page with the same size, rendered.

    """

    may_show_a_face = True

    def __init__(self, scan: RasterPage, rendered: RenderedPage) -> None:
        self._page: RasterPage | RenderedPage = scan
        self._rendered = rendered
        self.number = scan.number
        self.size = scan.size

    def native_scale(self, box: Box) -> float:  # noqa: ARG002 - the page is the picture
        return 1.0

    def approximate_colours(self, box: Box) -> bool:  # noqa: ARG002 - only scans with known colours are taken
        return False

    def raise_if_damaged(self) -> None:
        self._page.raise_if_damaged()

    def preview(self, long_side: int) -> Image:
        try:
            return self._page.preview(long_side)
        except UnreadableImageError:
            return self._fall_back().preview(long_side)

    def region(self, box: Box, scale: float = 1.0) -> Image:
        try:
            return self._page.region(box, scale)
        except UnreadableImageError:
            return self._fall_back().region(box, scale)

    def _fall_back(self) -> RenderedPage:
        """Render from now on. MuPDF shows the readable part of a damaged scan."""
        self._page = self._rendered
        return self._rendered
