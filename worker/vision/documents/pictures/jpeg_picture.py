"""JPEG pictures: a fast decoder for intact pictures with common colours, and Pillow for the others."""

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
    use_profile
        Whether the file's colour profile is used. In a PDF it is not: the PDF defines the meaning of the values.

    Raises
    ------
    UnreadableImageError
        The file has no picture.

    """

    memory_factor = 1

    def __init__(self, data: bytes, *, use_profile: bool = True) -> None:
        self._file = read_jpeg(data)
        self._use_profile = use_profile
        self.size = self._file.size
        self.scans = self._file.scans
        self.orientation = orientation(self._file.exif)
        self.well_formed = self._file.well_formed
        self.declares_ycbcr = self._file.adobe == 1 or (self._file.jfif and self._file.adobe is None)
        self.components = self._file.components

    @cached_property
    def colours(self) -> Colours:
        icc = self._file.icc if self._use_profile else None
        return colours_of(icc, _SPACES.get(self.components, "RGB"))

    def decode(self, reduction: int) -> Image:
        image = self._decode_fast(reduction)
        return self._decode_any(reduction) if image is None else image

    def _decode_fast(self, reduction: int) -> Image | None:
        """Decode 1.5 times as fast as Pillow; None for rare colours or on any complaint of the decoder."""
        if self.components not in {1, 3}:
            return None
        data = self._file.data if self._file.well_formed else self._file.cleaned()
        # Some writers omit the last marker. With it, a complete picture decodes without a complaint.
        data = data if self._file.ended else data + END
        width, height = self.size
        limits = {"min_height": -(-height // reduction), "min_width": -(-width // reduction)}
        try:
            return np.asarray(simplejpeg.decode_jpeg(data, **limits, min_factor=1), dtype=np.uint8)
        except ValueError:
            return None

    def _decode_any(self, reduction: int) -> Image:
        return PillowPicture(self._file.cleaned(), "JPEG", icc=self._file.icc).decode(reduction)
