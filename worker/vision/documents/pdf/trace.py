"""The drawing operations of a PDF page.

The content of the page decides, not its list of resources. A page may list pictures that it does not show, for example
in a hidden layer, or show pictures that it does not list: inline, in a pattern or in a form. MuPDF interprets the page
and calls a device for each drawing operation; the devices here record the operations instead of drawing.
"""

from dataclasses import dataclass

from worker.vision.documents.pdf.mupdf import Native, mupdf, pymupdf
from worker.vision.errors import ImageTooLargeError
from worker.vision.geometry import Box

_TEXT_AND_PATHS = {
    "fill-text",
    "stroke-text",
    "clip-text",
    "fill-path",
    "stroke-path",
    "clip-path",
    "clip-stroke-path",
}
"""Operations that draw text, tables and rules. A page with only these shows no photograph."""

_INVISIBLE = "ignore-text"  # text of an OCR

_MANY_SHAPES = 1000
"""Minimum number of filled shapes that may form a picture; a form or table has a few hundred."""

_BYTES_PER_PIXEL = 3

_FONTS_WITH_PICTURES = {"Type3"}  # glyphs of these fonts may be photographs

_MIN_SHARE = 0.02
"""Minimum size of a picture, as a fraction of the page's longer side. A face in a smaller picture cannot be detected.
Its resolution is therefore ignored: the resolution of a logo may be a hundred times that of the page."""


@dataclass(frozen=True, slots=True)
class DrawnPicture:
    """A picture on a page.

    Attributes
    ----------
    left, top, right, bottom
        Bounding box on the rotated page, in points from the top left corner.
    pixels_per_point
        Its own pixels per point, along the side with the higher resolution.
    approximate
        Whether its true colours are unknown: CMYK or inks without a profile.

    """

    left: float
    top: float
    right: float
    bottom: float
    pixels_per_point: float
    approximate: bool

    def overlaps(self, box: Box) -> bool:
        """Return whether the picture overlaps this part of the page, in points."""
        return self.left < box.right and self.right > box.left and self.top < box.bottom and self.bottom > box.top


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a page draws.

    Attributes
    ----------
    operations
        Visible drawing operations in order, by MuPDF's names (``fill-image``, ``fill-text`` ...).
    pictures
        The pictures that are large enough to show a face.

    """

    operations: tuple[str, ...]
    pictures: tuple[DrawnPicture, ...]


ONE_PICTURE = Drawing(("fill-image",), ())
"""The drawing of a page that draws one picture and nothing else, before the picture is examined."""


def trace_drawing(page: pymupdf.Page, operations: tuple[str, ...], max_pixels: int) -> Drawing:
    """Interpret a page with these operations without drawing it.

    Raises
    ------
    ImageTooLargeError
        The page draws a picture with more bytes than ``max_pixels`` pixels of three bytes have.

    """
    if not any("image" in operation for operation in operations):
        return Drawing(operations, ())
    trace = _PictureTrace(page)
    run(page, trace)
    if trace.bytes > _BYTES_PER_PIXEL * max_pixels:
        raise ImageTooLargeError(f"a picture of {trace.bytes} bytes on page {page.number + 1}")
    return Drawing(operations, tuple(trace.pictures))


def drawing_operations(page: pymupdf.Page) -> tuple[str, ...]:
    """Return the visible drawing operations of a page, in order."""
    return tuple(entry[0] for entry in page.get_bboxlog() if entry[0] != _INVISIBLE)


def may_show_a_picture(page: pymupdf.Page, drawing: Drawing) -> bool:
    """Return whether a page may show more than text, tables and rules."""
    return (
        any(operation not in _TEXT_AND_PATHS for operation in drawing.operations)
        or drawing.operations.count("fill-path") >= _MANY_SHAPES
        or page.first_annot is not None
        or page.first_widget is not None
        or any(font[2] in _FONTS_WITH_PICTURES for font in page.get_fonts())
    )


def run(page: pymupdf.Page, device: Native) -> None:
    """Send every drawing operation of a page to a device, including those of annotations, in points."""
    mupdf.fz_run_page(pymupdf._as_fz_page(page), device, mupdf.FzMatrix(), mupdf.FzCookie())  # noqa: SLF001
    mupdf.fz_close_device(device)


class _PictureTrace(mupdf.FzDevice2):  # type: ignore[misc] # see Native
    """Records the positions of pictures and their resolutions."""

    def __init__(self, page: pymupdf.Page) -> None:
        super().__init__()
        self.use_virtual_fill_image()
        self.use_virtual_fill_image_mask()
        self._min_side = _MIN_SHARE * max(page.rect.width, page.rect.height)
        self._corner = page.rect.x0, page.rect.y0
        self.pictures: list[DrawnPicture] = []
        self.bytes = 0

    def fill_image(self, _: object, image: Native, matrix: Native, *__: object) -> None:
        space = mupdf.FzImage(mupdf.ll_fz_keep_image(image)).colorspace()
        self._record(image, matrix, approximate=bool(space.m_internal) and _has_unknown_colours(space))

    def fill_image_mask(self, _: object, image: Native, matrix: Native, *__: object) -> None:
        self._record(image, matrix, approximate=False)

    def _record(self, image: Native, matrix: Native, *, approximate: bool) -> None:
        self.bytes = max(self.bytes, image.w * image.h * max(1, image.n))
        box = pymupdf.Rect(0, 0, 1, 1) * pymupdf.Matrix(matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f)
        across, down = (matrix.a**2 + matrix.b**2) ** 0.5, (matrix.c**2 + matrix.d**2) ** 0.5
        if max(across, down) < self._min_side or not (across and down):
            return
        left, top = self._corner
        pixels_per_point = max(image.w / across, image.h / down)
        edges = box.x0 - left, box.y0 - top, box.x1 - left, box.y1 - top
        self.pictures.append(DrawnPicture(*edges, pixels_per_point, approximate))


def _has_unknown_colours(space: Native) -> bool:
    """Return whether a colour space is CMYK or inks (Separation, DeviceN) without a profile, or a palette of these."""
    base = space.fz_base_colorspace()
    return bool(base.fz_colorspace_is_device_cmyk() or base.fz_colorspace_is_device_n())
