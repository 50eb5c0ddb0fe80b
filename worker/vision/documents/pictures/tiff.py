"""The structure of a TIFF file (TIFF 6.0, section 2): where its pages are.

Pillow reads a page only if it can read those before it. Each page is therefore read as a file of its own.
"""

import struct
from dataclasses import dataclass

_BIG = 43  # the version of BigTIFF; that of TIFF is 42
_SUBFILE, _THUMBNAIL = 254, 1  # tag and bit: NewSubfileType, a reduced version of another page
_LONGEST_CHAIN = 1000  # directories that are followed
_MOST_ENTRIES = 4096  # of a directory; writers use some dozens


@dataclass(frozen=True, slots=True)
class _Layout:
    """How a TIFF writes its numbers."""

    count: struct.Struct
    entry: struct.Struct
    pointer: struct.Struct
    first: int


def pages(data: bytes, most: int) -> tuple[list[int], bool]:
    """Return where the directories of the pages are, so many at most, and whether there are more pages.

    Thumbnails do not count. The list ends before the first directory that is damaged.
    """
    layout, found, seen = _layout(data), list[int](), set[int]()
    try:
        (at,) = layout.pointer.unpack_from(data, layout.first)
        while at and at not in seen and len(seen) < _LONGEST_CHAIN and len(found) <= most:
            seen.add(at)
            is_thumbnail, following = _directory(data, at, layout)
            if not is_thumbnail:
                found.append(at)
            at = following
    except struct.error:  # the file ends in the middle of a directory
        pass
    return found[:most], len(found) > most


def page_file(data: bytes, directory: int) -> bytes:
    """Return the file with this directory as its first."""
    layout = _layout(data)
    return data[: layout.first] + layout.pointer.pack(directory) + data[layout.first + layout.pointer.size :]


def _layout(data: bytes) -> _Layout:
    order = "<" if data[:2] == b"II" else ">"
    if int.from_bytes(data[2:4], "little" if order == "<" else "big") == _BIG:
        return _Layout(struct.Struct(f"{order}Q"), struct.Struct(f"{order}HHQQ"), struct.Struct(f"{order}Q"), 8)
    return _Layout(struct.Struct(f"{order}H"), struct.Struct(f"{order}HHII"), struct.Struct(f"{order}I"), 4)


def _directory(data: bytes, at: int, layout: _Layout) -> tuple[bool, int]:
    """Tell whether a directory is a thumbnail's, and return where the next one is; 0 if there is none."""
    (count,) = layout.count.unpack_from(data, at)
    if count > _MOST_ENTRIES:
        raise struct.error("a directory of too many entries")
    entries = at + layout.count.size
    end = entries + count * layout.entry.size
    (following,) = layout.pointer.unpack_from(data, end)
    is_thumbnail = False
    for position in range(entries, end, layout.entry.size):
        tag, _, _, value = layout.entry.unpack_from(data, position)
        is_thumbnail |= tag == _SUBFILE and bool(value & _THUMBNAIL)
    return is_thumbnail, following
