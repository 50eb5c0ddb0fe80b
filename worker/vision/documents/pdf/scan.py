"""A page that is one scan and nothing else, whose JPEG can be taken out: many times faster than rendering it.

What the page draws decides: one picture that covers the page, upright, opaque, unclipped and in plain colours. The
renderer draws every other page.
"""

import re
from itertools import product

from worker.vision.documents.pdf.mupdf import Native, mupdf, pymupdf
from worker.vision.documents.pdf.trace import run
from worker.vision.documents.pictures.jpeg_picture import JpegPicture
from worker.vision.errors import VisionError

_TOLERANCE = 0.01  # of the page's side; a scan's edges may miss the page's by so much and still be the page
_SAME_COLOUR = 2 / 255
_LEVELS = (0.0, 0.4, 1.0)  # of each channel, on which colours are compared
_BITS = 8
_IGNORED = {
    "pop_clip",
    "close_device",
    "drop_device",
    "ignore_text",  # invisible, of an OCR
    "begin_structure",
    "end_structure",
    "begin_metatext",
    "end_metatext",
    "render_flags",
}
"""Device calls that do not change what is seen."""

_MOST_LISTED = 100
"""Pictures among a page's resources, up to which the one that is drawn is looked for."""

_CIPHER = 32  # bytes that encryption adds to a stream, at most: a first block, and padding

_INLINE = re.compile(rb"(?<![!-~])BI(?![!-.0-~])")  # the operator that begins an inline picture

_EXAMINED = {"fill_image", "clip_path", "set_default_colorspaces"}
_CALL = "use_virtual_"  # how MuPDF's bindings name the switch for each device call


def scan_of(document: pymupdf.Document, page: pymupdf.Page) -> JpegPicture | None:
    """Return the JPEG that is the whole of this page; None if the page is more, less or other than that.

    Parameters
    ----------
    document, page
        The page has its rotation set to 0, so that the scan lies as it was placed.

    """
    if page.get_xobjects() or _INLINE.search(page.read_contents()):
        return None  # the dictionary of an inline picture cannot be read here
    trace = _ScanTrace(page)
    run(page, trace)
    if not trace.is_one_scan or trace.jpeg is None:
        return None
    try:
        picture = JpegPicture(trace.jpeg, managed=False)
    except VisionError:
        return None  # the renderer reads more than we do
    if not picture.plain or picture.size != trace.size or picture.components != trace.components:
        return None
    if picture.components > 1 and not picture.is_surely_ycbcr:
        return None  # decoders differ
    return picture if _declares_nothing_more(document, page, trace.jpeg) else None


def _declares_nothing_more(document: pymupdf.Document, page: pymupdf.Page, jpeg: bytes) -> bool:
    """Tell whether the picture's dictionary leaves its colour transform to the JPEG itself.

    MuPDF's bindings do not tell it of the picture that is drawn, so it is read where the same bytes are stored.
    """
    listed = {entry[0] for entry in page.get_images(full=True)}
    if len(listed) > _MOST_LISTED:
        return False
    lengths = {xref: document.xref_get_key(xref, "Length")[1] for xref in listed}
    as_long = [xref for xref, length in lengths.items() if length.isdigit() and 0 <= int(length) - len(jpeg) <= _CIPHER]
    same = [xref for xref in as_long if document.xref_stream_raw(xref) == jpeg]
    parameters = ("DecodeParms", "DP", "DecodeParms/ColorTransform")
    return len(same) == 1 and all(document.xref_get_key(same[0], name)[0] == "null" for name in parameters)


class _ScanTrace(mupdf.FzDevice2):  # type: ignore[misc] # see Native
    """Notes the one picture of a page, and whether there is anything else."""

    def __init__(self, page: pymupdf.Page) -> None:
        super().__init__()
        self._page = page.rect
        self._defaults: Native | None = None
        self._pictures = 0
        self.is_one_scan = True
        self.jpeg: bytes | None = None
        self.size = (0, 0)
        self.components = 0
        for call in {name.removeprefix(_CALL) for name in dir(self) if name.startswith(_CALL)} - _IGNORED:
            if call not in _EXAMINED:
                setattr(self, call, self._refuse)
            getattr(self, _CALL + call)()

    def _refuse(self, *_: object) -> int:
        self.is_one_scan = False
        return 0

    def set_default_colorspaces(self, _: object, spaces: object) -> None:
        self._defaults = mupdf.FzDefaultColorspaces(mupdf.ll_fz_keep_default_colorspaces(spaces))

    def clip_path(self, _: object, path: Native, even_odd: int, matrix: Native, *__: object) -> None:  # noqa: ARG002
        """Allow the clip to a rectangle around the whole page that many writers begin with."""
        shape = mupdf.FzPath(mupdf.ll_fz_keep_path(path))
        placed = mupdf.FzMatrix(matrix)
        bounds = mupdf.fz_bound_path(shape, mupdf.FzStrokeState(), placed)
        around = pymupdf.Rect(bounds.x0, bounds.y0, bounds.x1, bounds.y1)
        if not (mupdf.fz_path_is_rect(shape, placed) and around.contains(self._page)):
            self.is_one_scan = False

    def fill_image(self, _: object, image: Native, matrix: Native, alpha: float, *__: object) -> None:
        self._pictures += 1
        kept = mupdf.FzImage(mupdf.ll_fz_keep_image(image))
        odd = image.mask or image.imagemask or image.use_colorkey or image.use_decode or image.bpc != _BITS
        space = kept.colorspace()
        if self._pictures > 1 or odd or alpha != 1 or not space.m_internal or not self._covers(matrix):
            self.is_one_scan = False
            return
        stored = kept.fz_compressed_image_buffer()
        if not stored.m_internal or stored.m_internal.params.type != mupdf.FZ_IMAGE_JPEG or not self._is_plain(space):
            self.is_one_scan = False
            return
        self.size, self.components = (image.w, image.h), image.n
        self.jpeg = bytes(mupdf.ll_fz_buffer_storage_memoryview(stored.m_internal.buffer, 0))

    def _covers(self, matrix: Native) -> bool:
        """Tell whether a picture so placed fills the page, neither mirrored nor turned."""
        whole = self._page
        slack = (_TOLERANCE * whole.width, _TOLERANCE * whole.height) * 2
        edges = matrix.e, matrix.f, matrix.e + matrix.a, matrix.f + matrix.d
        slanted = max(abs(matrix.b), abs(matrix.c))
        return slanted < _TOLERANCE and all(
            abs(edge - of_page) <= allowed for edge, of_page, allowed in zip(edges, whole, slack, strict=True)
        )

    def _is_plain(self, space: Native) -> bool:
        """Tell whether values in this colour space are sRGB or its grey: by what they become, as its name says little.

        A page may also say what values without a profile mean.
        """
        grey = bool(space.fz_colorspace_is_gray())
        if not (grey or space.fz_colorspace_is_rgb()):
            return False
        if space.fz_colorspace_is_device() and self._defaults is not None:
            space = self._defaults.fz_default_gray() if grey else self._defaults.fz_default_rgb()
        if space.fz_colorspace_is_device():
            return True
        return all(_becomes_itself(space, colour) for colour in product(_LEVELS, repeat=1 if grey else 3))


def _becomes_itself(space: Native, colour: tuple[float, ...]) -> bool:
    srgb = mupdf.fz_convert_color(
        space, list(colour), mupdf.fz_device_rgb(), mupdf.FzColorspace(), mupdf.FzColorParams()
    )
    expected = colour if len(colour) > 1 else colour * 3
    return all(abs(value - wanted) <= _SAME_COLOUR for value, wanted in zip(srgb, expected, strict=False))
