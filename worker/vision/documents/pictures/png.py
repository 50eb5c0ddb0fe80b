"""The structure of a PNG file: what a decoder needs of it (W3C, Portable Network Graphics, third edition, section 5).

Pillow refuses a picture for what it does not need: a long text, a wrong checksum in a chunk that only describes.
"""

import struct
import zlib
from dataclasses import dataclass

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_CRITICAL = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
_NEEDED = _CRITICAL | {b"tRNS"}
_FRAME = 12  # bytes of a chunk apart from its data: length, type, checksum
_COLOURS = {b"sRGB", b"gAMA", b"cICP"}
_GAMMA = 45_455  # that of sRGB, about 1 / 2.2, in units of 1 / 100,000
_LIKE_SRGB = {b"\x01", b"\x02", b"\x05", b"\x06"}  # primaries of ITU-T H.273: BT.709, unspecified, BT.601
_LARGEST_PROFILE = 4_000_000  # bytes; printers' profiles have some two million


@dataclass(frozen=True, slots=True)
class PngFile:
    """What a PNG file holds.

    Attributes
    ----------
    picture
        The file with the chunks alone that a decoder needs.
    exif, icc
        The EXIF block (a TIFF structure) and the colour profile, where their checksums are right.
    guessed
        Whether it says that its colours are not sRGB, by a gamma or by numbers (cICP) instead of a profile.

    """

    picture: bytes
    exif: bytes | None
    icc: bytes | None
    guessed: bool


def read_png(data: bytes) -> PngFile:
    """Read the chunks of a PNG; a chunk that is cut off stays in the picture, for the decoder to refuse."""
    parts: list[bytes | memoryview] = [SIGNATURE]
    exif = icc = None
    says: dict[bytes, bytes] = {}
    view, position = memoryview(data), len(SIGNATURE)
    while position + _FRAME <= len(data):
        (length,), kind = struct.unpack_from(">I", data, position), data[position + 4 : position + 8]
        end = position + _FRAME + length
        chunk = view[position:end]
        if kind in _CRITICAL or (kind in _NEEDED and _is_sound(chunk)):
            parts.append(chunk)
        elif kind == b"eXIf" and exif is None and _is_sound(chunk):
            exif = bytes(chunk[8:-4])
        elif kind == b"iCCP" and icc is None and _is_sound(chunk):
            icc = _profile(bytes(chunk[8:-4]))
        elif kind in _COLOURS and _is_sound(chunk):
            says.setdefault(kind, bytes(chunk[8:-4]))
        position = end
        if kind == b"IEND":
            break
    return PngFile(b"".join(parts), exif, icc, _is_guessed(says))


def _is_guessed(says: dict[bytes, bytes]) -> bool:
    """Tell whether what a PNG says of its colours is far from sRGB."""
    if b"cICP" in says:
        return says[b"cICP"][:1] not in _LIKE_SRGB
    gamma = int.from_bytes(says.get(b"gAMA", b"")) or _GAMMA
    return b"sRGB" not in says and abs(gamma - _GAMMA) > _GAMMA / 10


def _is_sound(chunk: memoryview) -> bool:
    """Tell whether a chunk is all there and has the checksum that it names."""
    (length,) = struct.unpack_from(">I", chunk)
    return len(chunk) == _FRAME + length and zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:])


def _profile(content: bytes) -> bytes | None:
    """Return the profile of an iCCP chunk: a name, a zero, the method 0, and the compressed profile."""
    compressed = content.partition(b"\0")[2][1:]
    try:
        return zlib.decompressobj().decompress(compressed, _LARGEST_PROFILE) or None
    except zlib.error:
        return None
