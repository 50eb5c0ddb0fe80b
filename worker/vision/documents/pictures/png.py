"""The structure of a PNG file: the chunks that a decoder needs.

The specification is W3C, Portable Network Graphics, third edition, section 5. Pillow refuses pictures because of chunks
that it does not need: a long text, or a wrong checksum in metadata.
"""

import struct
import zlib
from dataclasses import dataclass

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_CRITICAL = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
_NEEDED = _CRITICAL | {b"tRNS"}
_FRAME = 12  # bytes of a chunk without its data: length, type, checksum
_COLOURS = {b"sRGB", b"gAMA", b"cICP"}
_GAMMA = 45_455  # gamma of sRGB, about 1 / 2.2, in units of 1 / 100,000
_LIKE_SRGB = {b"\x01", b"\x02", b"\x05", b"\x06"}  # primaries of ITU-T H.273: BT.709, unspecified, BT.601
_LARGEST_PROFILE = 4_000_000  # bytes; profiles of printers have about two million


@dataclass(frozen=True, slots=True)
class PngFile:
    """The content of a PNG file.

    Attributes
    ----------
    picture
        The file with only the chunks that a decoder needs.
    exif, icc
        The EXIF block (a TIFF structure) and the colour profile, if their checksums are correct.
    approximate
        Whether the file declares, by a gamma or by numbers (cICP) instead of a profile, that its colours are not sRGB.

    """

    picture: bytes
    exif: bytes | None
    icc: bytes | None
    approximate: bool


def read_png(data: bytes) -> PngFile:
    """Read the chunks of a PNG. A truncated chunk stays in the picture, so that the decoder refuses it."""
    parts: list[bytes | memoryview] = [SIGNATURE]
    exif = icc = None
    declared: dict[bytes, bytes] = {}
    view, position = memoryview(data), len(SIGNATURE)
    while position + _FRAME <= len(data):
        (length,), kind = struct.unpack_from(">I", data, position), data[position + 4 : position + 8]
        end = position + _FRAME + length
        chunk = view[position:end]
        if kind in _CRITICAL or (kind in _NEEDED and _is_intact(chunk)):
            parts.append(chunk)
        elif kind == b"eXIf" and exif is None and _is_intact(chunk):
            exif = bytes(chunk[8:-4])
        elif kind == b"iCCP" and icc is None and _is_intact(chunk):
            icc = _profile(bytes(chunk[8:-4]))
        elif kind in _COLOURS and _is_intact(chunk):
            declared.setdefault(kind, bytes(chunk[8:-4]))
        position = end
        if kind == b"IEND":
            break
    return PngFile(b"".join(parts), exif, icc, _differs_from_srgb(declared))


def _differs_from_srgb(declared: dict[bytes, bytes]) -> bool:
    """Return whether the colours that a PNG declares differ much from sRGB."""
    if b"cICP" in declared:
        return declared[b"cICP"][:1] not in _LIKE_SRGB
    gamma = int.from_bytes(declared.get(b"gAMA", b"")) or _GAMMA
    return b"sRGB" not in declared and abs(gamma - _GAMMA) > _GAMMA / 10


def _is_intact(chunk: memoryview) -> bool:
    """Return whether a chunk is complete and has the correct checksum."""
    (length,) = struct.unpack_from(">I", chunk)
    return len(chunk) == _FRAME + length and zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:])


def _profile(content: bytes) -> bytes | None:
    """Return the profile of an iCCP chunk, which has a name, a zero byte, the method 0, and the compressed profile."""
    compressed = content.partition(b"\0")[2][1:]
    try:
        return zlib.decompressobj().decompress(compressed, _LARGEST_PROFILE) or None
    except zlib.error:
        return None
