"""Pages that consist of one scan: the JPEG is taken from the PDF, which is many times faster than rendering.

The drawing operations of the page decide. It must draw one picture that covers the page: upright, opaque, without a
clip, and in device colours or sRGB. Every other page is rendered.
"""

import re
from itertools import product

from worker.vision.documents.pdf.mupdf import Native, mupdf, pymupdf
from worker.vision.documents.pdf.trace import run
from worker.vision.documents.pictures.jpeg_picture import JpegPicture
from worker.vision.errors import VisionError

_TOLERANCE = 0.01  # maximum distance between the edges of the scan and the page, as a fraction of the page's side
_SAME_COLOUR = 2 / 255
_LEVELS = (0.0, 0.4, 1.0)  # values of each channel at which colours are compared
_BITS = 8
_IGNORED = {
    "pop_clip",
    "close_device",
    "drop_device",
    "ignore_text",  # invisible text of an OCR
    "begin_structure",
    "end_structure",
    "begin_metatext",
    "end_metatext",
    "render_flags",
}
"""Device calls that do not change what the page shows."""

_MAX_LISTED = 100
"""Maximum number of pictures in the page's resources among which the drawn picture is searched."""

_CIPHER = 32  # maximum number of bytes that encryption adds to a stream: an initialisation vector and padding

_INLINE = re.compile(rb"(?<![!-~])BI(?![!-.0-~])")  # the operator that starts an inline picture

_EXAMINED = {"fill_image", "clip_path", "set_default_colorspaces"}
_CALL = "use_virtual_"  # prefix of the functions in MuPDF's bindings that switch on a device call


def find_scan(document: pymupdf.Document, page: pymupdf.Page) -> JpegPicture | None:
    """Return the JPEG that is exactly what the page shows; None if the page shows anything else.

    Parameters
    ----------
    document, page
        The rotation of the page must be set to 0.

    """
    if page.get_xobjects() or _INLINE.search(page.read_contents()):
        return None  # the dictionary of an inline picture is not accessible
    trace = _ScanTrace(page)
    run(page, trace)
    if not trace.is_one_scan or trace.jpeg is None:
        return None
    try:
        picture = JpegPicture(trace.jpeg, use_profile=False)
    except VisionError:
        return None  # MuPDF may be able to read it
    if not picture.well_formed or picture.size != trace.size or picture.components != trace.components:
        return None
    if picture.components > 1 and not picture.declares_ycbcr:
        return None  # decoders interpret such files differently
    return picture if _uses_default_transform(document, page, trace.jpeg) else None


def _uses_default_transform(document: pymupdf.Document, page: pymupdf.Page, jpeg: bytes) -> bool:
    """Return whether the picture's dictionary leaves the colour transform to the JPEG.

    MuPDF's bindings do not give the dictionary of the drawn picture. It is therefore read from the object that stores
    the same bytes.
    """
    listed = {entry[0] for entry in page.get_images(full=True)}
    if len(listed) > _MAX_LISTED:
        return False
    lengths = {xref: document.xref_get_key(xref, "Length")[1] for xref in listed}
    as_long = [xref for xref, length in lengths.items() if length.isdigit() and 0 <= int(length) - len(jpeg) <= _CIPHER]
    same = [xref for xref in as_long if document.xref_stream_raw(xref) == jpeg]
    parameters = ("DecodeParms", "DP", "DecodeParms/ColorTransform")
    return len(same) == 1 and all(document.xref_get_key(same[0], name)[0] == "null" for name in parameters)


class _ScanTrace(mupdf.FzDevice2):  # type: ignore[misc] # see Native
    """Records the one picture of a page, and whether the page draws anything else."""

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
        """Allow a clip to a rectangle around the whole page, with which many writers start a page."""
        shape = mupdf.FzPath(mupdf.ll_fz_keep_path(path))
        placed = mupdf.FzMatrix(matrix)
        bounds = mupdf.fz_bound_path(shape, mupdf.FzStrokeState(), placed)
        around = pymupdf.Rect(bounds.x0, bounds.y0, bounds.x1, bounds.y1)
        if not (mupdf.fz_path_is_rect(shape, placed) and around.contains(self._page)):
            self.is_one_scan = False

    def fill_image(self, _: object, image: Native, matrix: Native, alpha: float, *__: object) -> None:
        self._pictures += 1
        kept = mupdf.FzImage(mupdf.ll_fz_keep_image(image))
        is_special = image.mask or image.imagemask or image.use_colorkey or image.use_decode or image.bpc != _BITS
        space = kept.colorspace()
        if self._pictures > 1 or is_special or alpha != 1 or not space.m_internal or not self._covers(matrix):
            self.is_one_scan = False
            return
        stored = kept.fz_compressed_image_buffer()
        if not stored.m_internal or stored.m_internal.params.type != mupdf.FZ_IMAGE_JPEG or not self._is_srgb(space):
            self.is_one_scan = False
            return
        self.size, self.components = (image.w, image.h), image.n
        self.jpeg = bytes(mupdf.ll_fz_buffer_storage_memoryview(stored.m_internal.buffer, 0))

    def _covers(self, matrix: Native) -> bool:
        """Return whether a picture with this matrix fills the page, neither mirrored nor rotated."""
        whole = self._page
        slack = (_TOLERANCE * whole.width, _TOLERANCE * whole.height) * 2
        edges = matrix.e, matrix.f, matrix.e + matrix.a, matrix.f + matrix.d
        skew = max(abs(matrix.b), abs(matrix.c))
        return skew < _TOLERANCE and all(
            abs(edge - of_page) <= allowed for edge, of_page, allowed in zip(edges, whole, slack, strict=True)
        )

    def _is_srgb(self, space: Native) -> bool:
        """Return whether values in this colour space are sRGB or its grey.

        The conversion of sample colours decides, since the name of a colour space is not reliable. A page may also
        define the meaning of values without a profile.
        """
        grey = bool(space.fz_colorspace_is_gray())
        if not (grey or space.fz_colorspace_is_rgb()):
            return False
        if space.fz_colorspace_is_device() and self._defaults is not None:
            space = self._defaults.fz_default_gray() if grey else self._defaults.fz_default_rgb()
        if space.fz_colorspace_is_device():
            return True
        return all(_is_unchanged(space, colour) for colour in product(_LEVELS, repeat=1 if grey else 3))


def _is_unchanged(space: Native, colour: tuple[float, ...]) -> bool:
    srgb = mupdf.fz_convert_color(
        space, list(colour), mupdf.fz_device_rgb(), mupdf.FzColorspace(), mupdf.FzColorParams()
    )
    expected = colour if len(colour) > 1 else colour * 3
    return all(abs(value - wanted) <= _SAME_COLOUR for value, wanted in zip(srgb, expected, strict=False))
