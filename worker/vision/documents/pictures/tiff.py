"""The structure of a TIFF file (TIFF 6.0, section 2): the positions of its pages.

Pillow reads a page only if it can read all pages before it. Each page is therefore read as a separate file.
"""

import struct
from dataclasses import dataclass

_BIG = 43  # version number of BigTIFF; TIFF has 42
_SUBFILE, _THUMBNAIL = 254, 1  # tag NewSubfileType, and its bit for a reduced version of another page
_MAX_DIRECTORIES = 1000
_MAX_ENTRIES = 4096  # of a directory; writers use a few dozen


@dataclass(frozen=True, slots=True)
class _Layout:
    """The binary layout of a TIFF's numbers."""

    count: struct.Struct
    entry: struct.Struct
    pointer: struct.Struct
    first: int


def pages(data: bytes, max_pages: int) -> tuple[list[int], bool]:
    """Return the positions of the pages' directories, up to this number, and whether there are more pages.

    Thumbnails do not count. The list ends before the first damaged directory.
    """
    layout, found, seen = _layout(data), list[int](), set[int]()
    try:
        (at,) = layout.pointer.unpack_from(data, layout.first)
        while at and at not in seen and len(seen) < _MAX_DIRECTORIES and len(found) <= max_pages:
            seen.add(at)
            is_thumbnail, following = _directory(data, at, layout)
            if not is_thumbnail:
                found.append(at)
            at = following
    except struct.error:  # the file ends in the middle of a directory
        pass
    return found[:max_pages], len(found) > max_pages


def page_file(data: bytes, directory: int) -> bytes:
    """Return the file with this directory as its first directory."""
    layout = _layout(data)
    return data[: layout.first] + layout.pointer.pack(directory) + data[layout.first + layout.pointer.size :]


def _layout(data: bytes) -> _Layout:
    order = "<" if data[:2] == b"II" else ">"
    if int.from_bytes(data[2:4], "little" if order == "<" else "big") == _BIG:
        return _Layout(struct.Struct(f"{order}Q"), struct.Struct(f"{order}HHQQ"), struct.Struct(f"{order}Q"), 8)
    return _Layout(struct.Struct(f"{order}H"), struct.Struct(f"{order}HHII"), struct.Struct(f"{order}I"), 4)


def _directory(data: bytes, at: int, layout: _Layout) -> tuple[bool, int]:
    """Return whether a directory is a thumbnail's, and the position of the next directory, 0 for none."""
    (count,) = layout.count.unpack_from(data, at)
    if count > _MAX_ENTRIES:
        raise struct.error("a directory with too many entries")
    entries = at + layout.count.size
    end = entries + count * layout.entry.size
    (following,) = layout.pointer.unpack_from(data, end)
    is_thumbnail = False
    for position in range(entries, end, layout.entry.size):
        tag, _, _, value = layout.entry.unpack_from(data, position)
        is_thumbnail |= tag == _SUBFILE and bool(value & _THUMBNAIL)
    return is_thumbnail, following
