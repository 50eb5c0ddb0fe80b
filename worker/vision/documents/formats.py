"""The supported formats, and the decoder of each."""

# Each plugin registers its format. All of Pillow's plugins together would take 5 MB in every process.
from PIL import (  # noqa: F401
    AvifImagePlugin,
    Image as PilImage,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from worker.vision.documents.pictures.jpeg_picture import JpegPicture
from worker.vision.documents.pictures.pillow_picture import PillowPicture
from worker.vision.documents.pictures.png import read_png
from worker.vision.documents.pictures.raster import Picture
from worker.vision.errors import UnsupportedFormatError

_DECODERS = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP", "tiff": "TIFF", "avif": "AVIF", "heic": "HEIF"}
"""Pillow's name of each picture format."""

PDF = "pdf"
FORMATS = frozenset({*_DECODERS, PDF})
"""Names of the supported formats."""

_PDF_HEADER = b"%PDF-"
_PDF_HEADER_WITHIN = 1024  # bytes from the start; readers accept a header there (ISO 32000-1, annex H, note 13)
_MAGIC = 16  # first bytes by which Pillow detects a format

_SHARING_BRANDS = {"avif", "heic"}  # both are HEIF, and a file of either may declare only HEIF
_AVIF_BRANDS = {b"avif", b"avis"}
_MAX_BRANDS = 64  # bytes; files declare about five brands of four bytes each


def detect_format(data: bytes, accepted: frozenset[str]) -> str:
    """Return the name of a file's format, detected by its first bytes.

    Raises
    ------
    UnsupportedFormatError
        The format is not an accepted one.

    """
    name = next((name for name, decoder in _DECODERS.items() if _may_decode(decoder, data)), None)
    if name in _SHARING_BRANDS:
        name = "avif" if _brands(data) & _AVIF_BRANDS else "heic"
    if name is None and _PDF_HEADER in data[:_PDF_HEADER_WITHIN]:
        name = PDF
    if name in accepted:
        return name
    raise UnsupportedFormatError(f"the first bytes match none of {', '.join(sorted(accepted))}")


def read_picture(data: bytes, name: str) -> Picture:
    """Read the header of a picture of this format.

    Raises
    ------
    UnreadableImageError, TooComplexError

    """
    if name == "jpeg":
        return JpegPicture(data)
    if name == "png":
        file = read_png(data)
        return PillowPicture(file.picture, "PNG", exif=file.exif, icc=file.icc, approximate=file.approximate)
    return PillowPicture(data, _DECODERS[name])


def _may_decode(decoder: str, data: bytes) -> bool:
    accept = PilImage.OPEN[decoder][1]
    return accept is not None and bool(accept(data[:_MAGIC]))


def _brands(data: bytes) -> set[bytes]:
    """Return the brands in the first box of an ISO base media file (ISO/IEC 14496-12, 4.3)."""
    end = min(int.from_bytes(data[:4]), _MAX_BRANDS)
    return {data[8:12], *(data[start : start + 4] for start in range(16, end, 4))}
