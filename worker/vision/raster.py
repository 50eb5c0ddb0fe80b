"""One picture as a page: JPEG or PNG of any colour, to upright RGB."""

import io
import warnings

import cv2
import numpy as np
from PIL import ExifTags, Image as PilImage, ImageFile, ImageOps

from worker.vision.errors import ImageTooLargeError, UnreadableImageError
from worker.vision.geometry import Box, Image

_DECODE_ONCE = 2_000_000
"""Pixels up to which one full decode costs less than a reduced one for the preview and a full one for the crop."""

# Our own limit on pixels is checked before any decode; Pillow's would only warn, and at another number.
PilImage.MAX_IMAGE_PIXELS = None


class RasterPage:
    """A picture, decoded when it is looked at and no larger than needed.

    Parameters
    ----------
    data
        A JPEG or PNG file.
    number
        The page's number, from 1.
    max_pixels
        Limit on width times height, checked before anything is decoded.
    quarters
        Counter-clockwise quarter turns to apply instead of the EXIF orientation: what a PDF page says of a scan in it,
        whose EXIF readers of PDF ignore. None to go by EXIF.

    Raises
    ------
    UnreadableImageError, ImageTooLargeError

    """

    def __init__(self, data: bytes, number: int, max_pixels: int, quarters: int | None = None) -> None:
        self._data = data
        self._number = number
        self._quarters = quarters
        self._full: Image | None = None
        with self._open() as picture:
            width, height = picture.size
            if width * height > max_pixels:
                raise ImageTooLargeError(f"{width}x{height} pixels, more than {max_pixels}")
            turned = self._turned(picture)
        self._size = (height, width) if turned else (width, height)

    @property
    def number(self) -> int:
        return self._number

    @property
    def size(self) -> tuple[int, int]:
        return self._size

    def preview(self, long_side: int) -> Image:
        width, height = self._size
        factor = long_side / max(width, height)
        size = max(1, round(width * factor)), max(1, round(height * factor))
        source = self.full() if self._full is not None or width * height <= _DECODE_ONCE else self._decode(size)
        shrinks = source.shape[1] > size[0] or source.shape[0] > size[1]
        return _as_image(cv2.resize(source, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR))

    def region(self, box: Box) -> Image:
        left, top, right, bottom = round(box.left), round(box.top), round(box.right), round(box.bottom)
        return self.full()[top:bottom, left:right]

    def full(self) -> Image:
        """Return the whole picture at its own size; decoded once."""
        if self._full is None:
            self._full = self._decode(None)
        return self._full

    def _open(self) -> ImageFile.ImageFile:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return PilImage.open(io.BytesIO(self._data), formats=("JPEG", "PNG"))
        except Exception as error:  # whatever a damaged header makes a decoder raise
            raise UnreadableImageError(str(error)) from error

    def _turned(self, picture: PilImage.Image) -> bool:
        """Tell whether width and height of the upright page are those of the stored picture exchanged."""
        if self._quarters is not None:
            return self._quarters % 2 == 1
        return _orientation(picture) in {5, 6, 7, 8}

    def _decode(self, at_least: tuple[int, int] | None) -> Image:
        """Decode to upright RGB; with ``at_least`` (width, height) a JPEG may come reduced, but not below it."""
        with self._open() as picture:
            if at_least is not None:
                picture.draft(None, at_least[::-1] if self._turned(picture) else at_least)
            try:
                picture.load()
                upright = picture if self._quarters is not None else ImageOps.exif_transpose(picture)
                image = _to_rgb(upright)
            except Exception as error:  # decoders raise OSError, SyntaxError, ValueError, struct.error, zlib.error ...
                raise UnreadableImageError(str(error)) from error
        return np.ascontiguousarray(np.rot90(image, self._quarters)) if self._quarters else image


def _orientation(picture: PilImage.Image) -> int:
    try:
        return int(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # noqa: BLE001 - a damaged EXIF block is no reason to refuse a picture
        return 1


def _to_rgb(picture: PilImage.Image) -> Image:
    """Bring any of Pillow's modes to uint8 RGB: 16 bits to their upper 8, transparency onto white."""
    if picture.mode.startswith("I"):
        # 16-bit grey arrives as I;16 (or I): Pillow's own conversion would clip at 255.
        deep = np.asarray(picture).astype(np.int64)
        picture = PilImage.fromarray(np.clip(deep >> 8, 0, 255).astype(np.uint8))
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = PilImage.new("RGBA", picture.size, "white")
        picture = PilImage.alpha_composite(white, picture)
    return _as_image(np.asarray(picture if picture.mode == "RGB" else picture.convert("RGB")))


def _as_image(array: object) -> Image:
    return np.ascontiguousarray(array, dtype=np.uint8)
