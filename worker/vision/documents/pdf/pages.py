"""Pages of a PDF: drawn piece by piece, or the one scan that a page is."""

import re

import numpy as np

from worker.vision.documents.pdf.mupdf import pymupdf
from worker.vision.documents.pdf.trace import Drawing, DrawnPicture
from worker.vision.documents.pictures.raster import RasterPage
from worker.vision.errors import UnreadableImageError, UnreadablePdfError, reading_error
from worker.vision.geometry import Box, Image
from worker.vision.stages import stage

RENDER_DPI = 300
"""Resolution at which text and drawings are rendered, and pictures at least: a 20 mm portrait is 236 pixels wide."""

_POINTS_AN_INCH = 72
_LONGEST_SIDE = 65_535
"""Pixels of a page at full resolution, which is that of its finest picture. It is never drawn as a whole."""

_DAMAGE = re.compile(r"jpe?g|image|filter|jpx|jp2|jbig2|fax", re.IGNORECASE)
"""In MuPDF's warnings: it draws what there is of a damaged picture, perhaps nothing, and goes on."""


class RenderedPage:
    """A page drawn by the renderer, piece by piece.

    Parameters
    ----------
    page
        As it is shown, with its rotation.
    number
        From 1.
    max_pixels
        Limit on the page's pixels at ``RENDER_DPI``; a larger page is drawn at the resolution that fits.
    drawing
        What is on it.
    may_show_a_face
        False for a page without pictures.
    size
        Width and height in pixels at full resolution, where they are known; by the finest picture if not given.

    Raises
    ------
    UnreadablePdfError
        The page has no area.

    """

    def __init__(  # noqa: PLR0913 - all that a page is
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
        self._complaints = ""
        self.number = number
        self.may_show_a_face = may_show_a_face
        zoom = min(RENDER_DPI / _POINTS_AN_INCH, (max_pixels / (width * height)) ** 0.5)
        finest = max((picture.per_point for picture in drawing.pictures), default=0.0)
        zoom = max(zoom, min(finest, _LONGEST_SIDE / max(width, height)))
        self.size = size or (max(1, round(width * zoom)), max(1, round(height * zoom)))
        self._zoom = (self.size[0] / width, self.size[1] / height) if size else (zoom, zoom)

    def detail(self, box: Box) -> float:
        """Return the scale of the finest picture that shows some of this; of what is drawn otherwise, the page's."""
        shown = [picture.per_point for picture in self._shown(box)]
        return min(1.0, max(shown) / max(self._zoom)) if shown else 1.0

    def approximate_colours(self, box: Box) -> bool:
        return any(picture.guessed for picture in self._shown(box))

    def _shown(self, box: Box) -> list[DrawnPicture]:
        x, y = self._zoom
        part = Box(box.left / x, box.top / y, box.right / x, box.bottom / y)
        return [picture for picture in self._drawing.pictures if picture.shows(part)]

    def raise_if_damaged(self) -> None:
        if self._complaints:
            raise UnreadableImageError(f"a picture on page {self.number} is damaged: {self._complaints}")

    def preview(self, long_side: int) -> Image:
        x, y = self._zoom
        factor = long_side / max(x * self._page.rect.width, y * self._page.rect.height)
        return self._draw((factor * x, factor * y), None)

    def region(self, box: Box, scale: float = 1.0) -> Image:
        x, y = self._zoom
        corner = self._page.rect.tl
        clip = pymupdf.Rect(box.left / x, box.top / y, box.right / x, box.bottom / y)
        drawn = self._draw((scale * x, scale * y), clip + pymupdf.Rect(*corner, *corner))
        # The renderer covers whole pixels, one more where an edge falls between two.
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
        complaints = str(pymupdf.TOOLS.mupdf_warnings())
        if _DAMAGE.search(complaints):
            self._complaints = complaints
        if not (pixmap.width and pixmap.height):  # a page like a thread, thinner than a pixel
            return np.full((max(1, pixmap.height), max(1, pixmap.width), 3), 255, np.uint8)
        return np.frombuffer(pixmap.samples, dtype=np.uint8).reshape(pixmap.height, pixmap.width, 3)


class ScannedPage:
    """A page that is one scan; drawn instead where the scan does not decode.

    Parameters
    ----------
    scan
        The scan's own pixels.
    rendered
        The same page, of the same size, as the renderer draws it.

    """

    may_show_a_face = True

    def __init__(self, scan: RasterPage, rendered: RenderedPage) -> None:
        self._page: RasterPage | RenderedPage = scan
        self._rendered = rendered
        self.number = scan.number
        self.size = scan.size

    def detail(self, box: Box) -> float:  # noqa: ARG002 - the page is its picture
        return 1.0

    def approximate_colours(self, box: Box) -> bool:  # noqa: ARG002 - only scans in plain colours are taken out
        return False

    def raise_if_damaged(self) -> None:
        self._page.raise_if_damaged()

    def preview(self, long_side: int) -> Image:
        try:
            return self._page.preview(long_side)
        except UnreadableImageError:
            return self._drawn().preview(long_side)

    def region(self, box: Box, scale: float = 1.0) -> Image:
        try:
            return self._page.region(box, scale)
        except UnreadableImageError:
            return self._drawn().region(box, scale)

    def _drawn(self) -> RenderedPage:
        """Use the renderer from now on; it shows what there is of a damaged scan."""
        self._page = self._rendered
        return self._rendered
