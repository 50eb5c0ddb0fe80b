"""What a PDF page draws: the page's content decides, not its list of resources.

A page may list pictures that it does not show, or show pictures that it does not list: inline, in a pattern, in a form,
in a layer that is hidden. MuPDF interprets the page and calls a device for each drawing operation; the devices here
take notes instead of drawing.
"""

from dataclasses import dataclass

from worker.vision.documents.pdf.mupdf import Native, mupdf, pymupdf
from worker.vision.errors import ImageTooLargeError
from worker.vision.geometry import Box

_PICTURELESS = {"fill-text", "stroke-text", "clip-text", "fill-path", "stroke-path", "clip-path", "clip-stroke-path"}
"""What text, tables and rules are drawn with: a page of these alone shows no photograph."""

_INVISIBLE = "ignore-text"  # the text of an OCR

_MANY_SHAPES = 1000
"""Filled shapes of a page from which they may be a picture; a form or table has some hundred."""

_BYTES_A_PIXEL = 3

_SHAPES = {"Type3"}  # fonts whose glyphs may be photographs

_LEAST_SHARE = 0.02
"""Of the page's longer side. A picture that is drawn smaller cannot show a face that is found, so its resolution does
not count: that of a logo may be a hundred times the page's."""


@dataclass(frozen=True, slots=True)
class DrawnPicture:
    """A picture on a page.

    Attributes
    ----------
    left, top, right, bottom
        Its bounding box on the page, in points from the top left corner, the page rotated as it is shown.
    per_point
        Its own pixels per point, along the finer of its sides.
    guessed
        Whether its colours are a guess: CMYK or inks without a profile.

    """

    left: float
    top: float
    right: float
    bottom: float
    per_point: float
    guessed: bool

    def shows(self, box: Box) -> bool:
        """Tell whether it shows some of this part of the page, in points."""
        return self.left < box.right and self.right > box.left and self.top < box.bottom and self.bottom > box.top


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a page draws.

    Attributes
    ----------
    kinds
        Drawing operations in order, by MuPDF's names (``fill-image``, ``fill-text`` ...), visible ones alone.
    pictures
        The pictures that are large enough to show a face.

    """

    kinds: tuple[str, ...]
    pictures: tuple[DrawnPicture, ...]


ONE_PICTURE = Drawing(("fill-image",), ())
"""A page that draws one picture and nothing else, before more is known of it."""


def drawing_of(page: pymupdf.Page, kinds: tuple[str, ...], max_pixels: int) -> Drawing:
    """Interpret a page without drawing it; its kinds of operations are known.

    Raises
    ------
    ImageTooLargeError
        It draws a picture of more pixels than the limit; three bytes each, as for any picture.

    """
    if not any("image" in kind for kind in kinds):
        return Drawing(kinds, ())
    trace = _PictureTrace(page)
    run(page, trace)
    if trace.bytes > _BYTES_A_PIXEL * max_pixels:
        raise ImageTooLargeError(f"a picture of {trace.bytes} bytes on page {page.number + 1}")
    return Drawing(kinds, tuple(trace.pictures))


def kinds_of(page: pymupdf.Page) -> tuple[str, ...]:
    """Return the kinds of drawing operations of a page, in order; visible ones alone."""
    return tuple(entry[0] for entry in page.get_bboxlog() if entry[0] != _INVISIBLE)


def may_show_a_picture(page: pymupdf.Page, drawing: Drawing) -> bool:
    """Tell whether a page shows more than text, tables and rules."""
    return (
        any(kind not in _PICTURELESS for kind in drawing.kinds)
        or drawing.kinds.count("fill-path") >= _MANY_SHAPES
        or page.first_annot is not None
        or page.first_widget is not None
        or any(font[2] in _SHAPES for font in page.get_fonts())
    )


def run(page: pymupdf.Page, device: Native) -> None:
    """Have a device told of everything that a page draws, its annotations included, in points."""
    mupdf.fz_run_page(pymupdf._as_fz_page(page), device, mupdf.FzMatrix(), mupdf.FzCookie())  # noqa: SLF001
    mupdf.fz_close_device(device)


class _PictureTrace(mupdf.FzDevice2):  # type: ignore[misc] # see Native
    """Notes where pictures are drawn, and how fine they are."""

    def __init__(self, page: pymupdf.Page) -> None:
        super().__init__()
        self.use_virtual_fill_image()
        self.use_virtual_fill_image_mask()
        self._least = _LEAST_SHARE * max(page.rect.width, page.rect.height)
        self._corner = page.rect.x0, page.rect.y0
        self.pictures: list[DrawnPicture] = []
        self.bytes = 0

    def fill_image(self, _: object, image: Native, matrix: Native, *__: object) -> None:
        space = mupdf.FzImage(mupdf.ll_fz_keep_image(image)).colorspace()
        self._note(image, matrix, guessed=bool(space.m_internal) and _is_guessed(space))

    def fill_image_mask(self, _: object, image: Native, matrix: Native, *__: object) -> None:
        self._note(image, matrix, guessed=False)

    def _note(self, image: Native, matrix: Native, *, guessed: bool) -> None:
        self.bytes = max(self.bytes, image.w * image.h * max(1, image.n))
        box = pymupdf.Rect(0, 0, 1, 1) * pymupdf.Matrix(matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f)
        across, down = (matrix.a**2 + matrix.b**2) ** 0.5, (matrix.c**2 + matrix.d**2) ** 0.5
        if max(across, down) < self._least or not (across and down):
            return
        left, top = self._corner
        per_point = max(image.w / across, image.h / down)
        edges = box.x0 - left, box.y0 - top, box.x1 - left, box.y1 - top
        self.pictures.append(DrawnPicture(*edges, per_point, guessed))


def _is_guessed(space: Native) -> bool:
    """Tell whether a colour space is CMYK or inks (Separation, DeviceN) without a profile, or a palette of these."""
    base = space.fz_base_colorspace()
    return bool(base.fz_colorspace_is_device_cmyk() or base.fz_colorspace_is_device_n())
