"""Formats that users send by mistake: how to recognise them, and messages that say what to send instead."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from shared.formats import Format, Test, brands, listing, recognise, riff, starts, unrecognised

Advice = Callable[[Sequence[Format]], str]
"""Returns the advice what to send instead, given the accepted formats."""

_HEAD = 1024  # bytes of a text that are searched
_ARCHIVE_HEAD = 64 * 1024  # bytes of an archive that are searched for its first entries
_ENTRY = re.compile(rb"PK\x03\x04.{22}(?P<length>..)..", re.DOTALL)  # up to the name of the entry

_TEXT_BYTES = bytes({7, 8, 9, 10, 12, 13, 27} | set(range(0x20, 0x100)) - {0x7F})
_BITMAP_HEADERS = {12, 40, 52, 56, 64, 108, 124}  # sizes that the second header of a BMP can have


@dataclass(frozen=True, slots=True)
class UnsupportedFormat:
    """A format that is never accepted.

    Attributes
    ----------
    what
        Name for users, with its article.
    matches
        Tells whether a file has this format.
    advice
        What to send instead.

    """

    what: str
    matches: Test = field(repr=False)
    advice: Advice = field(repr=False)


def refusal(data: bytes, formats: Sequence[Format]) -> str:
    """Return the message for a file that is not accepted: what it is, and what to send instead.

    Parameters
    ----------
    data
        A file in none of the accepted formats.
    formats
        The accepted formats.

    """
    if known := recognise(data):
        return f"The file is in {known.label} format, which this service does not accept. {_as_picture(formats)}"
    found = next((each for each in UNSUPPORTED_FORMATS if each.matches(data)), None)
    return f"The file is {found.what}. {found.advice(formats)}" if found else unrecognised(formats)


def _as_picture(formats: Sequence[Format]) -> str:
    return f"Save it as {listing(formats)}."


def _as_document(formats: Sequence[Format]) -> str:
    pictures = _pictures(formats)
    if len(pictures) == len(formats):
        return _as_photo(formats)
    photo = f", or send a photo of the document as {listing(pictures)}" if pictures else ""
    return f"Save it as PDF{photo}."


def _as_photo(formats: Sequence[Format]) -> str:
    pictures = _pictures(formats)
    return f"Send a photo of the document as {listing(pictures)}." if pictures else "Send the document as PDF."


def _unpacked(formats: Sequence[Format]) -> str:
    return f"Unpack it and send the document as {listing(formats)}."


def _pictures(formats: Sequence[Format]) -> list[Format]:
    return [each for each in formats if each.name != "pdf"]


def _brand(*prefixes: bytes) -> Test:
    """Return the test for ISO base media files whose major brand has one of these prefixes."""
    return lambda data: b"".join(brands(data)[:1]).startswith(prefixes)


def _at(offset: int, *contents: bytes) -> Test:
    return lambda data: data.startswith(contents, offset)


def _entry(*prefixes: bytes) -> Test:
    """Return the test for ZIP archives in which the name of an early entry has one of these prefixes."""
    return lambda data: any(name.startswith(prefixes) for name in _entries(data))


def _entries(data: bytes) -> Iterator[bytes]:
    head = data[:_ARCHIVE_HEAD] if data.startswith(b"PK\x03\x04") else b""
    for match in _ENTRY.finditer(head):
        yield head[match.end() : match.end() + int.from_bytes(match["length"], "little")]


def _open_document(kind: bytes) -> Test:
    """Return the test for OpenDocument files, whose first entry is their media type, uncompressed."""
    mark = b"mimetypeapplication/vnd.oasis.opendocument." + kind
    return lambda data: data.startswith(b"PK\x03\x04") and mark in data[:_HEAD]


def _compound(stream: str = "") -> Test:
    """Return the test for compound files (Office before 2007) with a stream of this name."""
    name = stream.encode("utf-16-le")
    return lambda data: data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") and name in data


def _markup(*marks: str) -> Test:
    return lambda data: any(mark in _text(data).lower() for mark in marks)


def _text(data: bytes) -> str:
    """Return the start of a text file; empty for other files."""
    head = data[:_HEAD]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "ignore")
    return "" if head.translate(None, _TEXT_BYTES) else head.decode("latin-1")


def _is_text(data: bytes) -> bool:
    return bool(_text(data))


def _is_bitmap(data: bytes) -> bool:
    return data.startswith(b"BM") and int.from_bytes(data[14:18], "little") in _BITMAP_HEADERS


def _is_icon(data: bytes) -> bool:
    return data.startswith((b"\0\0\1\0", b"\0\0\2\0")) and data[4:6] != b"\0\0" and data[9:10] == b"\0"


UNSUPPORTED_FORMATS: Final = (
    UnsupportedFormat("a Word document (DOCX)", _entry(b"word/"), _as_document),
    UnsupportedFormat("an Office document (XLSX)", _entry(b"xl/"), _as_document),
    UnsupportedFormat("an Office document (PPTX)", _entry(b"ppt/"), _as_document),
    UnsupportedFormat("an Office document (ODT)", _open_document(b"text"), _as_document),
    UnsupportedFormat("an Office document (OpenDocument)", _open_document(b""), _as_document),
    UnsupportedFormat("an Office document (Pages, Numbers or Keynote)", _entry(b"Index/Document.iwa"), _as_document),
    UnsupportedFormat("an Office document", _entry(b"[Content_Types].xml"), _as_document),
    UnsupportedFormat("a Word document (DOC)", _compound("WordDocument"), _as_document),
    UnsupportedFormat("an Office document (XLS, PPT or MSG)", _compound(), _as_document),
    UnsupportedFormat("a ZIP archive", starts(b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"), _unpacked),
    UnsupportedFormat("a RAR archive", starts(b"Rar!\x1a\x07"), _unpacked),
    UnsupportedFormat("a 7z archive", starts(b"7z\xbc\xaf\x27\x1c"), _unpacked),
    UnsupportedFormat("a GZIP archive", starts(b"\x1f\x8b"), _unpacked),
    UnsupportedFormat("a TAR archive", _at(257, b"ustar"), _unpacked),
    UnsupportedFormat("a BMP picture", _is_bitmap, _as_picture),
    UnsupportedFormat("a GIF picture", starts(b"GIF87a", b"GIF89a"), _as_picture),
    UnsupportedFormat("an icon (ICO)", _is_icon, _as_picture),
    UnsupportedFormat("a JPEG 2000 picture", starts(b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"), _as_picture),
    UnsupportedFormat("a JPEG XL picture", starts(b"\0\0\0\x0cJXL \r\n\x87\n", b"\xff\x0a"), _as_picture),
    UnsupportedFormat("a Photoshop picture (PSD)", starts(b"8BPS"), _as_picture),
    UnsupportedFormat("a DjVu document", starts(b"AT&TFORM"), _as_document),
    UnsupportedFormat(
        "a camera raw picture", starts(b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0"), _as_picture
    ),
    UnsupportedFormat("a camera raw picture", _brand(b"crx"), _as_picture),
    UnsupportedFormat("an audio recording (M4A)", _brand(b"M4A", b"M4B"), _as_photo),
    UnsupportedFormat("a video (MOV)", _brand(b"qt"), _as_photo),
    UnsupportedFormat("a video (MOV)", _at(4, b"moov", b"mdat", b"wide", b"pnot"), _as_photo),
    UnsupportedFormat("a video (3GP)", _brand(b"3g"), _as_photo),
    UnsupportedFormat("a video (MP4)", lambda data: bool(brands(data)), _as_photo),
    UnsupportedFormat("a video (WebM or MKV)", starts(b"\x1a\x45\xdf\xa3"), _as_photo),
    UnsupportedFormat("a video (AVI)", riff(b"AVI "), _as_photo),
    UnsupportedFormat("a video (WMV)", starts(b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"), _as_photo),
    UnsupportedFormat("a video (MPEG)", starts(b"\0\0\1\xba", b"\0\0\1\xb3"), _as_photo),
    UnsupportedFormat("an audio recording (WAV)", riff(b"WAVE"), _as_photo),
    UnsupportedFormat("an audio recording (MP3)", starts(b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"), _as_photo),
    UnsupportedFormat("an audio recording", starts(b"OggS", b"fLaC", b"#!AMR", b"\xff\xf1", b"\xff\xf9"), _as_photo),
    UnsupportedFormat("a PostScript document (EPS)", starts(b"%!PS", b"\xc5\xd0\xd3\xc6"), _as_document),
    UnsupportedFormat("a rich text document (RTF)", starts(b"{\\rtf"), _as_document),
    UnsupportedFormat("a web page (HTML)", _markup("<!doctype html", "<html", "<body"), _as_document),
    UnsupportedFormat("an SVG drawing", _markup("<svg"), _as_document),
    UnsupportedFormat("plain text", _is_text, _as_document),
)
"""Formats that are never accepted. The first match counts, so general formats come last."""
