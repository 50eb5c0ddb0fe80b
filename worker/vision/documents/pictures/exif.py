"""Reads the EXIF orientation of a picture and undoes it, as browsers do."""

import struct

import numpy as np

from worker.vision.geometry import Image

UPRIGHT = 1
"""The orientation of a picture that is stored upright."""

_SWAPS_AXES = 5  # and all higher values
_ORIENTATIONS = range(1, 9)
_TAG, _SHORT = 0x0112, 3
_MAX_ENTRIES = 1000  # of the first directory; cameras write a few dozen
_PREFIX = b"Exif\0\0"  # before the TIFF header: always in JPEG, sometimes in other formats


def orientation(exif: bytes | None) -> int:
    """Return the orientation, 1 to 8 (Exif 3.0, tag 0x0112); 1 if the block is damaged or has another value.

    As in Chromium and Firefox, only a single SHORT in the first directory counts. XMP is ignored.

    Parameters
    ----------
    exif
        A TIFF structure, with or without the prefix ``Exif``; None if there is no block.

    """
    if exif is None:
        return UPRIGHT
    tiff = exif.removeprefix(_PREFIX)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return UPRIGHT
    try:
        (directory,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, directory)
        for index in range(min(count, _MAX_ENTRIES)):
            tag, kind, values, value = struct.unpack_from(f"{order}HHIH", tiff, directory + 2 + 12 * index)
            if tag == _TAG:
                return value if (kind, values) == (_SHORT, 1) and value in _ORIENTATIONS else UPRIGHT
    except struct.error:
        pass
    return UPRIGHT


def swaps_axes(value: int) -> bool:
    """Return whether undoing an orientation swaps width and height."""
    return value >= _SWAPS_AXES


def upright(stored: Image, value: int) -> Image:
    """Undo an orientation: 2 to 4 mirror or rotate by 180 degrees, and 5 to 8 also swap the axes."""
    if swaps_axes(value):
        stored = stored.transpose(1, 0, 2)
    flips = {2: (1,), 3: (0, 1), 4: (0,), 6: (1,), 7: (0, 1), 8: (0,)}.get(value, ())
    return np.ascontiguousarray(np.flip(stored, flips))
