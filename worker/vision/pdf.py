"""The pages of a PDF, without rendering more than is looked at.

A page that is one scan gives that scan's own JPEG: many times faster than rendering it, and sharper. Any other page is
rendered: small for the preview, and at full resolution only where a face is.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from worker.vision.errors import (
    EmptyPdfError,
    EncryptedPdfError,
    UnreadableImageError,
    UnreadablePdfError,
    VisionError,
    reading_error,
)
from worker.vision.geometry import Box, Image
from worker.vision.mupdf import pymupdf
from worker.vision.pages import Page
from worker.vision.raster import RasterPage
from worker.vision.stages import stage

RENDER_DPI = 300
"""Full resolution of a rendered page: a 20 mm portrait is 236 pixels wide."""

_POINTS_AN_INCH = 72
_SCAN_TOLERANCE = 0.01  # of the page's side; a scan's edges may miss the page's by so much and still be the page
_JPEG_FILTER = "/DCTDecode"
_PICTURELESS = {"fill-text", "stroke-text", "clip-text", "fill-path", "stroke-path", "clip-path", "clip-stroke-path"}
"""What text, tables and rules are drawn with: a page of these alone shows no photograph."""

_JPEG_BITS = 8
_PLAIN_COLOURS = 3  # components; CMYK inside a PDF may be inverted or managed, so it is rendered

pymupdf.TOOLS.mupdf_display_errors(False)  # noqa: FBT003 - a damaged file is the applicant's news, not the log's
pymupdf.TOOLS.mupdf_display_warnings(False)  # noqa: FBT003


@contextmanager
def open_pdf(data: bytes, max_pages: int, max_pixels: int) -> Iterator[list[Page]]:
    """Open a PDF for as long as its pages are used.

    Raises
    ------
    EncryptedPdfError, EmptyPdfError, UnreadablePdfError, ImageTooLargeError, TooComplexError

    """
    try:
        document = pymupdf.open(stream=data, filetype="pdf")
    except Exception as error:
        raise reading_error(error, UnreadablePdfError) from error
    with document:
        if document.needs_pass:
            raise EncryptedPdfError("the PDF asks for a password")
        try:
            count = document.page_count
        except Exception as error:
            raise reading_error(error, UnreadablePdfError) from error
        if count == 0:
            raise EmptyPdfError("the PDF has no pages")
        yield [_page(document, index, max_pixels) for index in range(min(count, max_pages))]


@stage("open")
def _page(document: pymupdf.Document, index: int, max_pixels: int) -> Page:
    try:
        page = document.load_page(index)
        rotation = page.rotation
        page.set_rotation(0)  # so that the scan is looked for in the frame it was placed in
        # What is drawn, in order; "ignore-text" is the invisible text of an OCR.
        drawn = [entry[0] for entry in page.get_bboxlog() if entry[0] != "ignore-text"]
        scan = _scan(document, page, drawn)
        page.set_rotation(rotation)
        if scan is not None:
            try:
                return RasterPage(scan, index + 1, max_pixels, quarters=-rotation // 90 % 4)  # a PDF turns clockwise
            except UnreadableImageError:
                pass  # the renderer may know better
        pictured = any(kind not in _PICTURELESS for kind in drawn) or page.first_annot is not None
        return RenderedPage(page, index + 1, max_pixels, may_show_a_face=pictured)
    except VisionError:
        raise
    except Exception as error:
        raise reading_error(error, UnreadablePdfError) from error


def _scan(document: pymupdf.Document, page: pymupdf.Page, drawn: list[str]) -> bytes | None:
    """Return the JPEG that is the whole of this page, or None if the page is more or less than one JPEG."""
    images = page.get_images(full=True)
    if drawn != ["fill-image"] or len(images) != 1 or page.first_annot or page.first_widget:
        return None
    xref, mask = images[0][0], images[0][1]
    if mask or not _covers(page) or not _is_plain_jpeg(document, xref):
        return None
    stream: bytes = document.xref_stream_raw(xref)
    return stream


def _covers(page: pymupdf.Page) -> bool:
    """Tell whether the one picture fills the unrotated page, neither mirrored nor turned within it."""
    placements = page.get_image_info()
    if len(placements) != 1:
        return False
    a, b, c, d, _, _ = placements[0]["transform"]
    upright = a > 0 and d > 0 and abs(b) < _SCAN_TOLERANCE and abs(c) < _SCAN_TOLERANCE
    whole = page.rect
    slack = (_SCAN_TOLERANCE * whole.width, _SCAN_TOLERANCE * whole.height) * 2
    return upright and all(
        abs(edge - of_page) <= s for edge, of_page, s in zip(placements[0]["bbox"], whole, slack, strict=True)
    )


def _is_plain_jpeg(document: pymupdf.Document, xref: int) -> bool:
    """Tell whether the stream is one JPEG whose values are the page's colours as they are."""

    def key(name: str) -> tuple[str, str]:
        kind, value = document.xref_get_key(xref, name)
        return str(kind), str(value)

    if key("Filter")[1] not in {_JPEG_FILTER, f"[{_JPEG_FILTER}]"}:
        return False
    if any(key(name)[0] != "null" for name in ("Decode", "SMask", "Mask", "ImageMask")):
        return False
    picture = document.extract_image(xref)
    return bool(picture["ext"] == "jpeg" and picture["colorspace"] <= _PLAIN_COLOURS and picture["bpc"] == _JPEG_BITS)


class RenderedPage:
    """A page drawn by the renderer, piece by piece."""

    def __init__(self, page: pymupdf.Page, number: int, max_pixels: int, *, may_show_a_face: bool = True) -> None:
        self._may_show_a_face = may_show_a_face
        self._page = page
        self._number = number
        width, height = page.rect.width, page.rect.height
        if not (width > 0 and height > 0):
            raise UnreadablePdfError(f"page {number} has no area")
        # A page larger than the limit at full resolution is drawn at the resolution that fits.
        self._zoom = min(RENDER_DPI / _POINTS_AN_INCH, (max_pixels / (width * height)) ** 0.5)
        self._size = max(1, round(width * self._zoom)), max(1, round(height * self._zoom))

    @property
    def number(self) -> int:
        return self._number

    @property
    def size(self) -> tuple[int, int]:
        return self._size

    @property
    def may_show_a_face(self) -> bool:
        return self._may_show_a_face

    def preview(self, long_side: int) -> Image:
        width, height = self._page.rect.width, self._page.rect.height
        return self._draw(long_side / max(width, height), None)

    def region(self, box: Box, scale: float = 1.0) -> Image:
        corner = self._page.rect
        clip = pymupdf.Rect(box.left, box.top, box.right, box.bottom) / self._zoom
        drawn = self._draw(self._zoom * scale, clip + pymupdf.Rect(*corner.tl, *corner.tl))
        # The renderer covers whole pixels, one more where an edge falls between two.
        size = max(1, round(box.width * scale)), max(1, round(box.height * scale))
        return np.ascontiguousarray(drawn[: size[1], : size[0]])

    @stage("decode")
    def _draw(self, zoom: float, clip: pymupdf.Rect | None) -> Image:
        try:
            pixmap = self._page.get_pixmap(
                matrix=pymupdf.Matrix(zoom, zoom), clip=clip, colorspace=pymupdf.csRGB, alpha=False
            )
        except Exception as error:
            raise reading_error(error, UnreadablePdfError) from error
        if not (pixmap.width and pixmap.height):  # a page like a thread, thinner than a pixel
            return np.full((max(1, pixmap.height), max(1, pixmap.width), 3), 255, np.uint8)
        return np.frombuffer(pixmap.samples, dtype=np.uint8).reshape(pixmap.height, pixmap.width, 3)
