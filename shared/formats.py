"""The document formats, in one table for the API, the worker, the console and the client.

``worker.vision`` does not import this module. It receives the names of the accepted formats and has a decoder for each.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

FormatName = Literal["jpeg", "png", "heic", "avif", "webp", "tiff", "pdf"]

Test = Callable[[bytes], bool]
"""Tells whether a file, given from its first byte, has a format."""

_PDF_HEADER_WITHIN = 1024  # bytes; readers accept a header up to here (ISO 32000-1, annex H, note 13)
_BRANDS_WITHIN = 1024  # bytes; real files have fewer than a dozen brands of four bytes

# Brands of ISO base media files: AVIF, HEIF coded with HEVC, and HEIF without a specified coding.
_AVIF = {b"avif", b"avis"}
_HEVC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_ANY_CODING = {b"mif1", b"mif2", b"msf1"}
# Prefixes of the major brands of video, audio (M4A) and camera raw (crx).
_NOT_PICTURES = (b"iso", b"mp4", b"qt", b"M4", b"3g", b"avc", b"dash", b"crx")


@dataclass(frozen=True, slots=True)
class Format:
    """A document format.

    Attributes
    ----------
    name
        Name in settings, API and worker.
    label
        Name for users.
    media_types, suffixes
        The first one is the canonical one. Suffixes are in lower case and include the dot.
    matches
        Tells from the first bytes whether a file has this format.

    """

    name: FormatName
    label: str
    media_types: tuple[str, ...]
    suffixes: tuple[str, ...]
    matches: Test = field(repr=False, compare=False)


def recognise(data: bytes) -> Format | None:
    """Return the format of a file from its first bytes, accepted or not; None if it is not in the table."""
    return next((each for each in FORMATS if each.matches(data)), None)


def formats_named(names: Collection[str]) -> tuple[Format, ...]:
    """Return the formats with these names, in the order of the table."""
    return tuple(each for each in FORMATS if each.name in names)


def listing(formats: Sequence[Format]) -> str:
    """Return the formats as part of a sentence: ``JPEG, PNG or PDF``."""
    *others, last = (each.label for each in formats)
    return f"{', '.join(others)} or {last}" if others else last


def not_attached(formats: Sequence[Format]) -> str:
    """Return the message for a form without a file."""
    return f"Attach a file to the form: {listing(formats)}."


def unrecognised(formats: Sequence[Format]) -> str:
    """Return the message for a file in an unknown format."""
    return f"The file format is not supported. Save the document as {listing(formats)}."


def brands(data: bytes) -> tuple[bytes, ...]:
    """Return the brands of an ISO base media file, the major brand first; empty for other files."""
    if data[4:8] != b"ftyp" or len(data) < 12:  # noqa: PLR2004 - size, type and major brand of the box
        return ()
    compatible = data[16 : min(int.from_bytes(data[:4], "big"), _BRANDS_WITHIN)]
    return (data[8:12], *(compatible[at : at + 4] for at in range(0, len(compatible) - 3, 4)))


def starts(*prefixes: bytes) -> Test:
    """Return the test for files that start with one of these prefixes."""
    return lambda data: data.startswith(prefixes)


def riff(kind: bytes) -> Test:
    """Return the test for a RIFF container of this kind."""
    return lambda data: data.startswith(b"RIFF") and data[8:12] == kind


def _is_heic(data: bytes) -> bool:
    return _heif(data) == "heic"


def _is_avif(data: bytes) -> bool:
    return _heif(data) == "avif"


def _is_pdf(data: bytes) -> bool:
    return b"%PDF-" in data[:_PDF_HEADER_WITHIN]


def _heif(data: bytes) -> Literal["heic", "avif"] | None:
    """Distinguish HEIC and AVIF by the major brand, or by the compatible brands if it does not specify the coding."""
    major, *compatible = brands(data) or (b"",)
    if major.startswith(_NOT_PICTURES):
        return None
    if major in _HEVC:
        return "heic"
    if major in _AVIF or not _AVIF.isdisjoint(compatible):
        return "avif"
    return None if (_HEVC | _ANY_CODING).isdisjoint((major, *compatible)) else "heic"


FORMATS: Final = (
    Format("jpeg", "JPEG", ("image/jpeg",), (".jpg", ".jpeg", ".jpe", ".jfif"), starts(b"\xff\xd8\xff")),
    Format("png", "PNG", ("image/png",), (".png",), starts(b"\x89PNG\r\n\x1a\n")),
    Format("heic", "HEIC", ("image/heic", "image/heif"), (".heic", ".heif", ".hif"), _is_heic),
    Format("avif", "AVIF", ("image/avif",), (".avif",), _is_avif),
    Format("webp", "WebP", ("image/webp",), (".webp",), riff(b"WEBP")),
    Format("tiff", "TIFF", ("image/tiff",), (".tif", ".tiff"), starts(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
    # Last, because its header can be after the start, and a picture may contain the same five bytes.
    Format("pdf", "PDF", ("application/pdf",), (".pdf",), _is_pdf),
)
"""All formats, in the order of recognition and of listings."""
