"""JPEG: a fast decoder for whole pictures of common colour, and Pillow for the others."""

from functools import cached_property

import numpy as np
import simplejpeg

from worker.vision.documents.pictures.colours import Colours, Space, colours_of
from worker.vision.documents.pictures.exif import orientation
from worker.vision.documents.pictures.jpeg import END, read_jpeg
from worker.vision.documents.pictures.pillow_picture import PillowPicture
from worker.vision.geometry import Image

_SPACES: dict[int, Space] = {1: "L", 3: "RGB", 4: "CMYK"}  # by number of components


class JpegPicture:
    """A JPEG file.

    Parameters
    ----------
    data
        The file.
    managed
        Whether its own colour profile counts. In a PDF it does not: the PDF says what the values mean.

    Raises
    ------
    UnreadableImageError
        It has no picture.

    """

    weight = 1

    def __init__(self, data: bytes, *, managed: bool = True) -> None:
        self._file = read_jpeg(data)
        self._managed = managed
        self.size = self._file.size
        self.scans = self._file.scans
        self.orientation = orientation(self._file.exif)
        self.plain = self._file.plain
        self.is_surely_ycbcr = self._file.adobe == 1 or (self._file.jfif and self._file.adobe is None)
        self.components = self._file.components

    @cached_property
    def colours(self) -> Colours:
        icc = self._file.icc if self._managed else None
        return colours_of(icc, _SPACES.get(self.components, "RGB"))

    def decode(self, reduction: int) -> Image:
        image = self._decode_fast(reduction)
        return self._decode_any(reduction) if image is None else image

    def _decode_fast(self, reduction: int) -> Image | None:
        """Decode half again as fast as Pillow; None for a rare colour or where something is wrong, perhaps harmless."""
        if self.components not in {1, 3}:
            return None
        data = self._file.data if self._file.plain else self._file.bare()
        # Some writers leave the last marker out; with it, a picture that is all there decodes without a complaint.
        data = data if self._file.ended else data + END
        width, height = self.size
        least = {"min_height": -(-height // reduction), "min_width": -(-width // reduction)}
        try:
            return np.asarray(simplejpeg.decode_jpeg(data, **least, min_factor=1), dtype=np.uint8)
        except ValueError:
            return None

    def _decode_any(self, reduction: int) -> Image:
        return PillowPicture(self._file.bare(), "JPEG", icc=self._file.icc).decode(reduction)
