"""The structure of a JPEG file (ITU-T T.81, annex B): the segments that a decoder needs, and the end of the picture.

Decoders refuse intact pictures with irregular metadata, and treat data after the picture, such as the video of a motion
photo, as part of it. Reading the segments first avoids both problems.
"""

import re
import struct
from dataclasses import dataclass

from worker.vision.errors import UnreadableImageError

_START = b"\xff\xd8"
END = b"\xff\xd9"
"""The last marker of a JPEG."""

_SOI, _EOI, _SOS, _DNL, _APP0, _APP1, _APP2, _APP14, _COMMENT = 0xD8, 0xD9, 0xDA, 0xDC, 0xE0, 0xE1, 0xE2, 0xEE, 0xFE
_WITHOUT_SEGMENT = {0x01, *range(0xD0, 0xD8)}  # TEM and the restart markers
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0 to SOF15; the three excluded markers are DHT, JPG and DAC
_KNOWN = {*range(0xC0, 0xD0), *range(0xDA, 0xF0), _COMMENT} - {0xC8}
_METADATA = {*range(0xE0, 0xF0), _COMMENT, _DNL}
_FRAME = struct.Struct(">BHHB")  # of SOF: precision, height, width, components

_JFIF, _JFIF_LENGTH = b"JFIF\0", 14
_EXIF, _ICC, _ADOBE = b"Exif\0\0", b"ICC_PROFILE\0", b"Adobe"
_ICC_HEADER = 14  # bytes: the name, the number of the chunk from 1, and the number of chunks

_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""The next marker after coded data. Inside coded data, 0xff is followed by 0 or starts a restart marker (B.1.1.5)."""


@dataclass(frozen=True, slots=True)
class JpegFile:
    """The content of a JPEG file.

    Attributes
    ----------
    data
        The whole file.
    size, components
        Stored width and height in pixels, and the number of colour components.
    scans
        Number of passes over the picture. Scans of a thumbnail or after the end of the picture do not count.
    well_formed
        False if decoders refuse the file, so that they need the result of :meth:`cleaned`.
    ended
        Whether the picture has its last marker.
    exif, icc
        The first EXIF block, and the colour profile.
    jfif, adobe
        How the components are coded: whether there is a JFIF marker, and the transform of the Adobe marker (0 to 2).
    kept
        Start and end of the parts that :meth:`cleaned` keeps.
    frame
        Position of the height in the frame segment.

    """

    data: bytes
    size: tuple[int, int]
    components: int
    scans: int
    well_formed: bool
    ended: bool
    exif: bytes | None
    icc: bytes | None
    jfif: bool
    adobe: int | None
    kept: tuple[tuple[int, int], ...]
    frame: int

    def cleaned(self) -> bytes:
        """Return the picture without metadata and with its height in the frame.

        The last marker is present only if the file has it.
        """
        parts = bytearray(_START)
        for start, end in self.kept:
            if start <= self.frame < end:
                height = struct.pack(">H", self.size[1])
                parts += self.data[start : self.frame] + height + self.data[self.frame + len(height) : end]
            else:
                parts += memoryview(self.data)[start:end]
        return bytes(parts + END if self.ended else parts)


def read_jpeg(data: bytes) -> JpegFile:
    """Read the segments of a JPEG, from the first byte to the end of the picture.

    Raises
    ------
    UnreadableImageError
        The file has no frame, two frames or no scan, or the height is missing.

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
        not reader.irregular and height > 0,
        reader.ended,
        reader.exif,
        profile,
        reader.jfif,
        reader.adobe,
        tuple(reader.kept),
        reader.frame,
    )


class _Reader:
    """Reads from marker to marker, as decoders do."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size: tuple[int, int] | None = None
        self.components = self.scans = self.lines = self.frame = 0
        self.irregular = self.ended = False
        self.exif: bytes | None = None
        self.icc: dict[int, bytes] = {}
        self.jfif = False
        self.adobe: int | None = None
        self.kept: list[tuple[int, int]] = []

    def read(self) -> None:
        """Read to the end of the picture, or to the first position that is not valid in a JPEG."""
        position = len(_START)
        while (position := self._data.find(0xFF, position)) >= 0 and position + 1 < len(self._data):
            marker = self._data[position + 1]
            if marker == 0xFF:  # noqa: PLR2004 - padding before a marker
                position += 1
            elif marker == _EOI:
                self.ended = True
                return
            elif marker in _WITHOUT_SEGMENT or marker in {_SOI, 0}:
                self.irregular |= marker not in _WITHOUT_SEGMENT
                position += 2
            else:
                end = self._end(marker, position)
                if end is None:
                    break
                position = self._segment(marker, position, end)
        # Decoders may find scans in the remaining data, so these count too.
        self.scans += self._data.count(bytes((0xFF, _SOS)), max(position, 0)) if position >= 0 else 0

    def _end(self, marker: int, position: int) -> int | None:
        """Return the end of a segment; None if it is unknown or longer than the file."""
        head = self._data[position + 2 : position + 4]
        end = position + 2 + int.from_bytes(head)
        return end if marker in _KNOWN and position + 4 <= end <= len(self._data) else None

    def _segment(self, marker: int, start: int, end: int) -> int:
        """Read a segment, and return the position from which to search for the next one."""
        content = start + 4
        if marker == _SOS:
            following = _NEXT_MARKER.search(self._data, end)
            after = following.start() if following else len(self._data)
            self.scans += 1
            self.kept.append((start, after))
            return after
        if marker in _FRAMES and end - content >= _FRAME.size:
            if self.size is not None:  # decoders differ in which one they use, and the limit on pixels must apply
                raise UnreadableImageError("the JPEG has two frames")
            _, height, width, self.components = _FRAME.unpack_from(self._data, content)
            self.size, self.frame = (width, height), content + 1
        if marker not in _METADATA or self._describes_colours(marker, content, end):
            self.kept.append((start, end))
        elif marker == _DNL:
            self.lines = self.lines or int.from_bytes(self._data[content : content + 2])
        else:
            self._metadata(marker, content, end)
        return end

    def _describes_colours(self, marker: int, content: int, end: int) -> bool:
        """Return whether a segment describes the colour components, and record what it says."""
        if marker == _APP0 and self._data.startswith(_JFIF, content) and end - content >= _JFIF_LENGTH:
            self.jfif = True
            return True
        if marker == _APP14 and self._data.startswith(_ADOBE, content) and end - content >= 12:  # noqa: PLR2004
            self.adobe = self._data[content + 11]
            return True
        return False

    def _metadata(self, marker: int, content: int, end: int) -> None:
        if marker == _APP0 and self._data.startswith(_JFIF, content):
            self.irregular = True  # too short for a JFIF segment
        elif marker == _APP1 and self.exif is None and self._data.startswith(_EXIF, content):
            self.exif = self._data[content:end]
        elif marker == _APP2 and self._data.startswith(_ICC, content) and end - content > _ICC_HEADER:
            self.icc.setdefault(self._data[content + len(_ICC)], self._data[content + _ICC_HEADER : end])
