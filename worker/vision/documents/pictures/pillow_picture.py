"""Pictures that Pillow decodes: PNG, WebP, TIFF, AVIF, HEIC, and JPEG with rare colours."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pi_heif
from PIL import AvifImagePlugin, Image as PilImage, ImageCms, ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from worker.vision.allocator import release_memory
from worker.vision.documents.pictures.colours import APPROXIMATE, Colours, Space, colours_of
from worker.vision.documents.pictures.exif import UPRIGHT, orientation
from worker.vision.errors import UnreadableImageError, VisionError, reading_error
from worker.vision.geometry import Image

_STRIP = 1_000_000
"""Maximum number of pixels that are converted at once. Otherwise two or three copies of the picture would be held."""

_LARGE = 32_000_000
"""Number of pixels from which free memory is returned to the system after the conversion.

Pillow's own copy takes 4 bytes a pixel, and detection needs memory next.
"""

_MEMORY_FACTORS = {"WEBP": 2}
"""Decoding a WebP takes twice the memory of other formats: its decoder holds two canvases of four bytes a pixel."""

_ALREADY_UPRIGHT = {"TIFF", "HEIF"}  # Pillow and libheif undo the orientation of these

# Tags of TIFF 6.0. Cases in which Pillow inverts or reorders values correctly need no check.
_BITS_PER_SAMPLE, _PHOTOMETRIC, _PLANAR, _SAMPLE_FORMAT = 258, 262, 284, 339
_WHITE_IS_ZERO, _DEEPEST = 0, 16

_XMP = "xmp", "XML:com.adobe.xmp"  # keys under which Pillow stores it
_NUMBERED = {"AVIF", "HEIF"}
_NCLX = b"colrnclx"  # box of AVIF and HEIC with primaries and transfer by number (ITU-T H.273) instead of a profile
_NCLX_WITHIN = 65_536  # searched bytes from the start of the file
_KNOWN_PRIMARIES = {1, 2, 5, 6}  # BT.709, which sRGB has; unspecified; and BT.601, which is similar
_HIGH_RANGE_TRANSFERS = {16, 18}  # PQ and HLG

# RasterPage checks the limit on pixels before decoding. Pillow's limit would only warn, at another number.
PilImage.MAX_IMAGE_PIXELS = None
# A process decodes on one core. The stack of each further thread would count against the memory limit.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1
pi_heif.register_heif_opener(decode_threads=1, thumbnails=False, depth_images=False, aux_images=False)


class PillowPicture:
    """A picture that Pillow decodes at full size.

    Parameters
    ----------
    data
        The file.
    decoder
        Pillow's name of the format. No other format is tried.
    exif, icc
        Metadata that the caller has read from the file. If not given, Pillow reads it.
    approximate
        Whether the file declares without a profile that its colours are not sRGB.

    Raises
    ------
    UnreadableImageError, TooComplexError
        The header is damaged, or Pillow would decode the values wrongly.

    """

    scans = 1

    def __init__(
        self,
        data: bytes,
        decoder: str,
        *,
        exif: bytes | None = None,
        icc: bytes | None = None,
        approximate: bool = False,
    ) -> None:
        self._data = data
        self._decoder = decoder
        self.memory_factor = _MEMORY_FACTORS.get(decoder, 1)
        with self.opened() as picture:
            self.size = picture.size
            own = picture.info
            is_upright = decoder in _ALREADY_UPRIGHT
            self.orientation = UPRIGHT if is_upright else orientation(exif or own.get("exif"))
            self.colours = _colours(picture, icc or own.get("icc_profile"), approximate or _is_wide(decoder, data))
            self._inverted = isinstance(picture, TiffImageFile) and _is_inverted(picture)

    @contextmanager
    def opened(self) -> Iterator[ImageFile.ImageFile]:
        """Open the file. Errors of decoders inside this context become ``VisionError``."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with PilImage.open(io.BytesIO(self._data), formats=(self._decoder,)) as picture:
                    yield picture
        except VisionError:
            raise
        except Exception as error:  # decoders raise OSError, SyntaxError, ValueError, struct.error, zlib.error ...
            raise reading_error(error, UnreadableImageError) from error

    def decode(self, reduction: int) -> Image:  # noqa: ARG002 - only JPEG can be decoded at a reduced size
        with self.opened() as picture:
            # A switch for the whole process, which importing face_recognition turns on: truncated pictures would be
            # accepted as complete.
            ImageFile.LOAD_TRUNCATED_IMAGES = False
            for name in _XMP:  # Pillow would orient a TIFF by it
                picture.info.pop(name, None)
            picture.load()
            rgb = to_rgb(picture, self.colours)
            pixels = picture.width * picture.height
            picture.close()
        if pixels >= _LARGE:
            release_memory()
        return 255 - rgb if self._inverted else rgb


def _is_inverted(picture: TiffImageFile) -> bool:
    """Return whether white is 0 in the decoded picture: Pillow inverts such pictures only up to 8 bits.

    Raises
    ------
    UnreadableImageError
        Pillow decodes such values wrongly: signed or floating point, more than 16 bits, or 16 bits in separate planes.

    """
    bits = max(picture.tag_v2.get(_BITS_PER_SAMPLE, (1,)))
    is_signed = any(kind != 1 for kind in picture.tag_v2.get(_SAMPLE_FORMAT, (1,)))
    by_planes = picture.tag_v2.get(_PLANAR, 1) != 1
    if is_signed or bits > _DEEPEST or (bits > 8 and by_planes):  # noqa: PLR2004 - bits of a byte
        raise UnreadableImageError(f"a TIFF with {bits} bits per value, signed: {is_signed}, planar: {by_planes}")
    return bits > 8 and picture.tag_v2.get(_PHOTOMETRIC) == _WHITE_IS_ZERO  # noqa: PLR2004 - bits of a byte


def _colours(picture: PilImage.Image, icc: bytes | None, approximate: bool) -> Colours:  # noqa: FBT001
    mode = picture.mode
    space: Space = "RGB"
    if mode in {"CMYK", "LAB"}:
        space = "CMYK" if mode == "CMYK" else "LAB"
    elif mode in {"1", "L", "LA", "La", "I", "F"} or mode.startswith("I;"):
        space = "L"
    if icc is None and space == "LAB":
        icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    if icc is None and approximate:
        return APPROXIMATE
    return colours_of(icc, space)


def _is_wide(decoder: str, data: bytes) -> bool:
    """Return whether the primaries or transfer that an AVIF or HEIC declares by number differ much from sRGB."""
    if decoder not in _NUMBERED:
        return False
    _, found, values = data[:_NCLX_WITHIN].partition(_NCLX)
    primaries, transfer = int.from_bytes(values[:2]), int.from_bytes(values[2:4])
    return bool(found) and (primaries not in _KNOWN_PRIMARIES or transfer in _HIGH_RANGE_TRANSFERS)


def to_rgb(picture: PilImage.Image, colours: Colours) -> Image:
    """Convert a picture of any of Pillow's modes to uint8 RGB, strip by strip.

    Parameters
    ----------
    picture
        A loaded picture.
    colours
        The meaning of its values. Only CMYK and Lab are converted here; ``Colours.converted`` converts RGB and grey.

    """
    width, height = picture.size
    rgb = np.empty((height, width, 3), np.uint8)
    rows = max(1, _STRIP // width)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        rgb[top:bottom] = _strip_to_rgb(picture.crop((0, top, width, bottom)), colours)
    return rgb


def _strip_to_rgb(strip: PilImage.Image, colours: Colours) -> Image:
    """Convert a strip: 16 bits are reduced to the upper 8, and transparent pixels are put on white."""
    if strip.mode.startswith("I"):
        # 16-bit grey has the mode I;16 or I. Pillow's own conversion would clip at 255.
        deep = np.asarray(strip).astype(np.int64)
        strip = PilImage.fromarray(np.clip(deep >> 8, 0, 255).astype(np.uint8))
    if strip.has_transparency_data:
        strip = strip.convert("RGBA")
        white = PilImage.new("RGBA", strip.size, "white")
        strip = PilImage.alpha_composite(white, strip)
    if colours.convert is not None and strip.mode == colours.space and strip.mode in {"CMYK", "LAB"}:
        strip = colours.convert(strip)
    return np.ascontiguousarray(strip if strip.mode == "RGB" else strip.convert("RGB"), dtype=np.uint8)
