"""The orientation that EXIF gives a picture, read and undone as browsers do."""

import struct

import numpy as np

from worker.vision.geometry import Image

UPRIGHT = 1
"""The orientation of a picture that is stored as it is shown."""

_EXCHANGES_AXES = 5  # and all above
_ORIENTATIONS = range(1, 9)
_TAG, _SHORT = 0x0112, 3
_MOST_ENTRIES = 1000  # of the first directory; cameras write some dozens
_PREFIX = b"Exif\0\0"  # before the TIFF header, in JPEG always and elsewhere sometimes


def orientation(exif: bytes | None) -> int:
    """Return the orientation, 1 to 8 (Exif 3.0, tag 0x0112); 1 where the block is damaged or says anything else.

    As Chromium and Firefox do, counts only a single SHORT in the first directory. XMP does not count.

    Parameters
    ----------
    exif
        A TIFF structure, with or without the prefix ``Exif``.

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
        for index in range(min(count, _MOST_ENTRIES)):
            tag, kind, values, value = struct.unpack_from(f"{order}HHIH", tiff, directory + 2 + 12 * index)
            if tag == _TAG:
                return value if (kind, values) == (_SHORT, 1) and value in _ORIENTATIONS else UPRIGHT
    except struct.error:
        pass
    return UPRIGHT


def exchanges_axes(value: int) -> bool:
    """Tell whether undoing an orientation makes the width the height."""
    return value >= _EXCHANGES_AXES


def upright(stored: Image, value: int) -> Image:
    """Undo an orientation: 2 to 4 mirror or turn by 180 degrees, 5 to 8 exchange the axes as well."""
    if exchanges_axes(value):
        stored = stored.transpose(1, 0, 2)
    flips = {2: (1,), 3: (0, 1), 4: (0,), 6: (1,), 7: (0, 1), 8: (0,)}.get(value, ())
    return np.ascontiguousarray(np.flip(stored, flips))
