"""One picture as a page: JPEG or PNG of any colour, to upright RGB."""

import io
import warnings

import cv2
import numpy as np
import simplejpeg
from PIL import ExifTags, Image as PilImage, ImageFile

from worker.vision.errors import (
    ImageTooLargeError,
    TooComplexError,
    UnreadableImageError,
    reading_error,
)
from worker.vision.geometry import Box, Image
from worker.vision.stages import stage

_DECODE_ONCE = 20_000_000
"""Pixels up to which a JPEG is decoded once, whole, and halved for the preview: cheaper than a reduced decode for the
preview (half of a full one at any reduction) and a full one for the crop. Above, memory speaks for two."""

_LONGEST_SIDE = 65_535
"""Pixels: what a JPEG can be. Longer PNGs exist, a picture of a card as long does not."""

_MOST_SCANS = 25
"""Passes over a picture of the most pixels that may be; over a smaller one as many more. Progressive JPEGs have about
10, and each decodes the whole picture anew: some kilobytes of scans can keep a decoder busy for hours."""

_STRIP = 1_000_000
"""Pixels that are converted at once, so that a conversion does not hold the picture two or three times over."""

_REDUCTIONS = (8, 4, 2)  # that a JPEG can be decoded at
_JPEG_START, _JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
_JPEG_SCAN = 0xFF, 0xDA  # never inside a scan, where 0xff is followed by 0 (ITU-T T.81, B.1.1.5)
_PNG_ORIENTED = b"eXIf", b"Raw profile type exif", b"XML:com.adobe.xmp"  # where Pillow looks for an orientation
_JPEG_TAIL = 64  # bytes; more than the padding that some writers append

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
    UnreadableImageError, ImageTooLargeError, TooComplexError

    """

    def __init__(self, data: bytes, number: int, max_pixels: int, quarters: int | None = None) -> None:
        self._data = data
        self._number = number
        self._quarters = quarters
        self._image: Image | None = None
        with self._open() as picture:
            width, height = picture.size
            if width * height > max_pixels or max(width, height) > _LONGEST_SIDE:
                raise ImageTooLargeError(f"{width}x{height} pixels, more than {max_pixels}")
            scans = _scans(data)
            if scans * width * height > _MOST_SCANS * max_pixels:
                raise TooComplexError(f"{scans} scans of {width}x{height} pixels")
            self._mode, self._orientation = picture.mode, _orientation(picture, data)
        turned = self._orientation >= 5 if quarters is None else quarters % 2 == 1  # noqa: PLR2004 - see _upright
        self._size = (height, width) if turned else (width, height)

    @property
    def number(self) -> int:
        return self._number

    @property
    def size(self) -> tuple[int, int]:
        return self._size

    @property
    def may_show_a_face(self) -> bool:
        return True

    def preview(self, long_side: int) -> Image:
        factor = long_side / max(self._size)
        size = max(1, round(self._size[0] * factor)), max(1, round(self._size[1] * factor))
        return _resized(self._decoded(factor), size)

    def region(self, box: Box, scale: float = 1.0) -> Image:
        image = self._decoded(scale)
        factor = image.shape[1] / self._size[0]
        left, top, right, bottom = (round(edge * factor) for edge in (box.left, box.top, box.right, box.bottom))
        part = image[top : max(bottom, top + 1), left : max(right, left + 1)]
        return _resized(part, (max(1, round(box.width * scale)), max(1, round(box.height * scale))))

    def full(self) -> Image:
        """Return the whole picture at its own size."""
        return self._decoded(1.0)

    def _decoded(self, scale: float) -> Image:
        """Return the whole picture, upright, at this scale or larger; what has been decoded once is used again."""
        if self._image is None or self._image.shape[1] < round(self._size[0] * min(scale, 1.0)):
            once = self._size[0] * self._size[1] <= _DECODE_ONCE
            self._image = self._decode(1.0 if once else scale)
        return self._image

    def _open(self) -> ImageFile.ImageFile:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return PilImage.open(io.BytesIO(self._data), formats=("JPEG", "PNG"))
        except Exception as error:  # whatever a damaged header makes a decoder raise
            raise reading_error(error, UnreadableImageError) from error

    @stage("decode")
    def _decode(self, scale: float) -> Image:
        """Decode to upright RGB; a JPEG may come reduced, but not below the scale."""
        reduction = next((by for by in _REDUCTIONS if scale <= 1 / by), 1)
        image = self._decode_fast(reduction)
        if image is None:
            image = self._decode_any()
        return image if self._quarters in {None, 0} else np.ascontiguousarray(np.rot90(image, self._quarters or 0))

    def _decode_fast(self, reduction: int) -> Image | None:
        """Decode a JPEG that is whole and of common colour, half again as fast as Pillow; None for any other."""
        if not self._data.startswith(_JPEG_START) or self._mode not in {"RGB", "L"}:
            return None
        # Some writers leave the last marker out; with it, a picture that is all there decodes without a complaint.
        data = self._data if _JPEG_END in self._data[-_JPEG_TAIL:] else self._data + _JPEG_END
        try:
            height, width, *_ = simplejpeg.decode_jpeg_header(data)
            least = {"min_height": -(-height // reduction), "min_width": -(-width // reduction)}
            stored = np.asarray(simplejpeg.decode_jpeg(data, **least, min_factor=1), dtype=np.uint8)
        except ValueError:
            return None  # damaged, perhaps harmlessly: Pillow tells
        return stored if self._quarters is not None else _upright(stored, self._orientation)

    def _decode_any(self) -> Image:
        with self._open() as picture:
            # A switch for the whole process, which face_recognition turns on when it is imported: cut-off pictures
            # would pass for whole ones.
            ImageFile.LOAD_TRUNCATED_IMAGES = False
            try:
                picture.load()
                stored = _to_rgb(picture)
            except Exception as error:  # decoders raise OSError, SyntaxError, ValueError, struct.error, zlib.error ...
                raise reading_error(error, UnreadableImageError) from error
        return stored if self._quarters is not None else _upright(stored, self._orientation)


def _resized(image: Image, size: tuple[int, int]) -> Image:
    """Scale to (width, height): halved by area as often as it goes, then linearly; a third of what area alone costs."""
    while image.shape[1] >= 2 * size[0] and image.shape[0] >= 2 * size[1] and min(image.shape[:2]) > 1:
        width, height = image.shape[1] // 2, image.shape[0] // 2
        even = image[: 2 * height, : 2 * width]  # an odd last row or column would cost the fast path
        image = _as_image(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA))
    if (image.shape[1], image.shape[0]) == size:
        return image
    return _as_image(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR))


def _upright(stored: Image, orientation: int) -> Image:
    """Undo an EXIF orientation (Exif 3.0, tag 0x0112): 2 to 4 mirror or turn by 180 degrees, 5 to 8 exchange axes."""
    if orientation >= 5:  # noqa: PLR2004 - as the docstring says
        stored = stored.transpose(1, 0, 2)
    flips = {2: (1,), 3: (0, 1), 4: (0,), 6: (1,), 7: (0, 1), 8: (0,)}.get(orientation, ())
    return np.ascontiguousarray(np.flip(stored, flips))


def _scans(data: bytes) -> int:
    """Count the scans of a JPEG, its thumbnail's included; a third of the time that ``bytes.count`` takes."""
    if not data.startswith(_JPEG_START):
        return 0
    values = np.frombuffer(data, np.uint8)
    return int(np.count_nonzero((values[:-1] == _JPEG_SCAN[0]) & (values[1:] == _JPEG_SCAN[1])))


def _orientation(picture: PilImage.Image, data: bytes) -> int:
    if not data.startswith(_JPEG_START) and not any(name in data for name in _PNG_ORIENTED):
        return 1  # Pillow would decode the whole picture to see whether it comes at its end
    try:
        return int(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # noqa: BLE001 - a damaged EXIF block is no reason to refuse a picture
        return 1


def _to_rgb(picture: PilImage.Image) -> Image:
    """Bring any of Pillow's modes to uint8 RGB, strip by strip."""
    width, height = picture.size
    rgb = np.empty((height, width, 3), np.uint8)
    rows = max(1, _STRIP // width)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        rgb[top:bottom] = _strip_to_rgb(picture.crop((0, top, width, bottom)))
    return rgb


def _strip_to_rgb(strip: PilImage.Image) -> Image:
    """Convert: 16 bits to their upper 8, transparency onto white."""
    if strip.mode.startswith("I"):
        # 16-bit grey arrives as I;16 (or I): Pillow's own conversion would clip at 255.
        deep = np.asarray(strip).astype(np.int64)
        strip = PilImage.fromarray(np.clip(deep >> 8, 0, 255).astype(np.uint8))
    if strip.has_transparency_data:
        strip = strip.convert("RGBA")
        white = PilImage.new("RGBA", strip.size, "white")
        strip = PilImage.alpha_composite(white, strip)
    return _as_image(np.asarray(strip if strip.mode == "RGB" else strip.convert("RGB")))


def _as_image(array: object) -> Image:
    return np.ascontiguousarray(array, dtype=np.uint8)
