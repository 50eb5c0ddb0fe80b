"""The structure of a JPEG file (ITU-T T.81, annex B): what a decoder needs of it, and where the picture ends.

Decoders refuse sound pictures whose metadata is odd, and what lies behind a picture (the video of a motion photo) looks
like more of it. Reading the segments first avoids both.
"""

import re
import struct
from dataclasses import dataclass

from worker.vision.errors import UnreadableImageError

_START = b"\xff\xd8"
END = b"\xff\xd9"
"""The last marker of a JPEG."""

_SOI, _EOI, _SOS, _DNL, _APP0, _APP1, _APP2, _APP14, _COMMENT = 0xD8, 0xD9, 0xDA, 0xDC, 0xE0, 0xE1, 0xE2, 0xEE, 0xFE
_ALONE = {0x01, *range(0xD0, 0xD8)}  # markers without a segment: TEM and the restarts
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0 to SOF15; the three others are DHT, JPG and DAC
_KNOWN = {*range(0xC0, 0xD0), *range(0xDA, 0xF0), _COMMENT} - {0xC8}
_METADATA = {*range(0xE0, 0xF0), _COMMENT, _DNL}
_FRAME = struct.Struct(">BHHB")  # of SOF: precision, height, width, components

_JFIF, _JFIF_LENGTH = b"JFIF\0", 14
_EXIF, _ICC, _ADOBE = b"Exif\0\0", b"ICC_PROFILE\0", b"Adobe"
_ICC_HEADER = 14  # bytes: the name, the chunk's number from 1, and how many there are

_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""After coded data, in which 0xff is followed by 0 or belongs to a restart (B.1.1.5)."""


@dataclass(frozen=True, slots=True)
class JpegFile:
    """What a JPEG file holds.

    Attributes
    ----------
    data
        The whole file.
    size, components
        Width and height in pixels as stored, and the number of colour components.
    scans
        Passes over the picture. Those of a thumbnail or of what lies behind the picture do not count.
    plain
        False if decoders refuse the file as it is, and need :meth:`bare`.
    ended
        Whether the picture's last marker is there.
    exif, icc
        The first EXIF block, and the colour profile.
    jfif, adobe
        What says how the components are coded: whether there is a JFIF marker, and the transform of Adobe's (0 to 2).
    kept
        Start and end of what :meth:`bare` keeps.
    frame
        Where the frame's height is written.

    """

    data: bytes
    size: tuple[int, int]
    components: int
    scans: int
    plain: bool
    ended: bool
    exif: bytes | None
    icc: bytes | None
    jfif: bool
    adobe: int | None
    kept: tuple[tuple[int, int], ...]
    frame: int

    def bare(self) -> bytes:
        """Return the picture alone, without metadata and with its height in the frame; it ends where the file does."""
        parts = bytearray(_START)
        for start, end in self.kept:
            if start <= self.frame < end:
                height = struct.pack(">H", self.size[1])
                parts += self.data[start : self.frame] + height + self.data[self.frame + len(height) : end]
            else:
                parts += memoryview(self.data)[start:end]
        return bytes(parts + END if self.ended else parts)


def read_jpeg(data: bytes) -> JpegFile:
    """Read the segments of a JPEG, from its first byte to the end of its picture.

    Raises
    ------
    UnreadableImageError
        It has no frame, two, or no scan, or nothing says how high it is.

    """
    reader = _Reader(data)
    reader.read()
    if reader.size is None or not reader.scans:
        raise UnreadableImageError("the JPEG has no picture")
    width, height = reader.size
    if not (width and (height or reader.lines)):
        raise UnreadableImageError("the JPEG has no width or no height")
    profile = b"".join(part for _, part in sorted(reader.icc.items())) or None
    return JpegFile(
        data,
        (width, height or reader.lines),
        reader.components,
        reader.scans,
        not reader.odd and height > 0,
        reader.ended,
        reader.exif,
        profile,
        reader.jfif,
        reader.adobe,
        tuple(reader.kept),
        reader.frame,
    )


class _Reader:
    """Goes from marker to marker, as decoders do."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size: tuple[int, int] | None = None
        self.components = self.scans = self.lines = self.frame = 0
        self.odd = self.ended = False
        self.exif: bytes | None = None
        self.icc: dict[int, bytes] = {}
        self.jfif = False
        self.adobe: int | None = None
        self.kept: list[tuple[int, int]] = []

    def read(self) -> None:
        """Read to the end of the picture, or to where the file is not a JPEG any more."""
        position = len(_START)
        while (position := self._data.find(0xFF, position)) >= 0 and position + 1 < len(self._data):
            marker = self._data[position + 1]
            if marker == 0xFF:  # noqa: PLR2004 - padding before a marker
                position += 1
            elif marker == _EOI:
                self.ended = True
                return
            elif marker in _ALONE or marker in {_SOI, 0}:
                self.odd |= marker not in _ALONE
                position += 2
            else:
                end = self._end(marker, position)
                if end is None:
                    break
                position = self._segment(marker, position, end)
        # Decoders may see scans in what is left, so they count.
        self.scans += self._data.count(bytes((0xFF, _SOS)), max(position, 0)) if position >= 0 else 0

    def _end(self, marker: int, position: int) -> int | None:
        """Return where a segment ends; None where the file does not hold it."""
        head = self._data[position + 2 : position + 4]
        end = position + 2 + int.from_bytes(head)
        return end if marker in _KNOWN and position + 4 <= end <= len(self._data) else None

    def _segment(self, marker: int, start: int, end: int) -> int:
        """Read a segment; return where the next one is to be looked for."""
        content = start + 4
        if marker == _SOS:
            following = _NEXT_MARKER.search(self._data, end)
            after = following.start() if following else len(self._data)
            self.scans += 1
            self.kept.append((start, after))
            return after
        if marker in _FRAMES and end - content >= _FRAME.size:
            if self.size is not None:  # which of the two a decoder believes would decide about the limit on pixels
                raise UnreadableImageError("the JPEG has two frames")
            _, height, width, self.components = _FRAME.unpack_from(self._data, content)
            self.size, self.frame = (width, height), content + 1
        if marker not in _METADATA or self._says_colours(marker, content, end):
            self.kept.append((start, end))
        elif marker == _DNL:
            self.lines = self.lines or int.from_bytes(self._data[content : content + 2])
        else:
            self._metadata(marker, content, end)
        return end

    def _says_colours(self, marker: int, content: int, end: int) -> bool:
        """Tell whether a segment says what the colour components are."""
        if marker == _APP0 and self._data.startswith(_JFIF, content) and end - content >= _JFIF_LENGTH:
            self.jfif = True
            return True
        if marker == _APP14 and self._data.startswith(_ADOBE, content) and end - content >= 12:  # noqa: PLR2004
            self.adobe = self._data[content + 11]
            return True
        return False

    def _metadata(self, marker: int, content: int, end: int) -> None:
        if marker == _APP0 and self._data.startswith(_JFIF, content):
            self.odd = True  # too short for what it says it is
        elif marker == _APP1 and self.exif is None and self._data.startswith(_EXIF, content):
            self.exif = self._data[content:end]
        elif marker == _APP2 and self._data.startswith(_ICC, content) and end - content > _ICC_HEADER:
            self.icc.setdefault(self._data[content + len(_ICC)], self._data[content + _ICC_HEADER : end])
