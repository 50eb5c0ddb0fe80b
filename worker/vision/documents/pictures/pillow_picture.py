"""Pictures that Pillow decodes: PNG, WebP, TIFF, AVIF, HEIC, and JPEG of rare colour."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pi_heif
from PIL import AvifImagePlugin, Image as PilImage, ImageCms, ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from worker.vision.allocator import give_back
from worker.vision.documents.pictures.colours import GUESSED, Colours, Space, colours_of
from worker.vision.documents.pictures.exif import UPRIGHT, orientation
from worker.vision.errors import UnreadableImageError, VisionError, reading_error
from worker.vision.geometry import Image

_STRIP = 1_000_000
"""Pixels that are converted at once, so that a conversion does not hold the picture two or three times over."""

_LARGE = 32_000_000
"""From this many pixels, freed memory goes back to the system after the conversion.

Pillow's own copy has 4 bytes a pixel, and the search for faces needs memory next.
"""

_WEIGHTS = {"WEBP": 2}
"""Decoding a WebP takes twice the memory of others: its decoder holds two canvases of four bytes a pixel."""

_UPRIGHT_BY_THEMSELVES = {"TIFF", "HEIF"}  # Pillow and libheif turn these

# TIFF 6.0's tags; what Pillow inverts and orders by itself is not looked at.
_BITS_PER_SAMPLE, _PHOTOMETRIC, _PLANAR, _SAMPLE_FORMAT = 258, 262, 284, 339
_WHITE_IS_ZERO, _DEEPEST = 0, 16

_XMP = "xmp", "XML:com.adobe.xmp"  # where Pillow keeps it
_NUMBERED = {"AVIF", "HEIF"}
_NCLX = b"colrnclx"  # of AVIF and HEIC: primaries and transfer by number (ITU-T H.273) instead of a profile
_NCLX_WITHIN = 65_536  # bytes from the start
_KNOWN_PRIMARIES = {1, 2, 5, 6}  # BT.709 as sRGB has, unspecified, and BT.601, which are near
_HIGH_RANGE_TRANSFERS = {16, 18}  # PQ and HLG

# Our own limit on pixels is checked before any decode; Pillow's would only warn, and at another number.
PilImage.MAX_IMAGE_PIXELS = None
# A process decodes on one core; each further thread would count its stack against the document's memory.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1
pi_heif.register_heif_opener(decode_threads=1, thumbnails=False, depth_images=False, aux_images=False)


class PillowPicture:
    """A picture that Pillow decodes, whole.

    Parameters
    ----------
    data
        The file.
    decoder
        Pillow's name of its format; no other is tried.
    exif, icc
        Metadata that was read from the file before; what is not given is taken from the file.
    guessed
        Whether the file says that its colours are not sRGB, without a profile.

    Raises
    ------
    UnreadableImageError, TooComplexError
        The header is damaged, or its values are of a kind that would come out wrong.

    """

    scans = 1

    def __init__(
        self,
        data: bytes,
        decoder: str,
        *,
        exif: bytes | None = None,
        icc: bytes | None = None,
        guessed: bool = False,
    ) -> None:
        self._data = data
        self._decoder = decoder
        self.weight = _WEIGHTS.get(decoder, 1)
        with self.opened() as picture:
            self.size = picture.size
            own = picture.info
            turned = decoder in _UPRIGHT_BY_THEMSELVES
            self.orientation = UPRIGHT if turned else orientation(exif or own.get("exif"))
            self.colours = _colours(picture, icc or own.get("icc_profile"), guessed or _is_wide(decoder, data))
            self._inverted = isinstance(picture, TiffImageFile) and _is_inverted(picture)

    @contextmanager
    def opened(self) -> Iterator[ImageFile.ImageFile]:
        """Open the file at its frame; what a decoder raises meanwhile is an error of ours."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with PilImage.open(io.BytesIO(self._data), formats=(self._decoder,)) as picture:
                    yield picture
        except VisionError:
            raise
        except Exception as error:  # decoders raise OSError, SyntaxError, ValueError, struct.error, zlib.error ...
            raise reading_error(error, UnreadableImageError) from error

    def decode(self, reduction: int) -> Image:  # noqa: ARG002 - only JPEG can be decoded reduced
        with self.opened() as picture:
            # A switch for the whole process, which face_recognition turns on when it is imported: cut-off pictures
            # would pass for whole ones.
            ImageFile.LOAD_TRUNCATED_IMAGES = False
            for name in _XMP:  # Pillow would turn a TIFF by it
                picture.info.pop(name, None)
            picture.load()
            rgb = to_rgb(picture, self.colours)
            pixels = picture.width * picture.height
            picture.close()
        if pixels >= _LARGE:
            give_back()
        return 255 - rgb if self._inverted else rgb


def _is_inverted(picture: TiffImageFile) -> bool:
    """Tell whether Pillow leaves white at 0: it inverts grey of up to 8 bits alone.

    Raises
    ------
    UnreadableImageError
        Its values are of a kind that Pillow mixes up: signed or floating point, above 16 bits, or 16 bits by planes.

    """
    bits = max(picture.tag_v2.get(_BITS_PER_SAMPLE, (1,)))
    is_signed = any(kind != 1 for kind in picture.tag_v2.get(_SAMPLE_FORMAT, (1,)))
    by_planes = picture.tag_v2.get(_PLANAR, 1) != 1
    if is_signed or bits > _DEEPEST or (bits > 8 and by_planes):  # noqa: PLR2004 - bits of a byte
        raise UnreadableImageError(f"a TIFF of {bits} bits a value, signed {is_signed}, by planes {by_planes}")
    return bits > 8 and picture.tag_v2.get(_PHOTOMETRIC) == _WHITE_IS_ZERO  # noqa: PLR2004 - likewise


def _colours(picture: PilImage.Image, icc: bytes | None, guessed: bool) -> Colours:  # noqa: FBT001
    mode = picture.mode
    space: Space = "RGB"
    if mode in {"CMYK", "LAB"}:
        space = "CMYK" if mode == "CMYK" else "LAB"
    elif mode in {"1", "L", "LA", "La", "I", "F"} or mode.startswith("I;"):
        space = "L"
    if icc is None and space == "LAB":
        icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    if icc is None and guessed:
        return GUESSED
    return colours_of(icc, space)


def _is_wide(decoder: str, data: bytes) -> bool:
    """Tell whether an AVIF or HEIC names primaries or a transfer by number that are far from sRGB's."""
    if decoder not in _NUMBERED:
        return False
    _, found, values = data[:_NCLX_WITHIN].partition(_NCLX)
    primaries, transfer = int.from_bytes(values[:2]), int.from_bytes(values[2:4])
    return bool(found) and (primaries not in _KNOWN_PRIMARIES or transfer in _HIGH_RANGE_TRANSFERS)


def to_rgb(picture: PilImage.Image, colours: Colours) -> Image:
    """Bring any of Pillow's modes to uint8 RGB, strip by strip.

    Parameters
    ----------
    picture
        Loaded.
    colours
        What its values mean. Converts CMYK and Lab here; RGB and grey are converted where they are looked at.

    """
    width, height = picture.size
    rgb = np.empty((height, width, 3), np.uint8)
    rows = max(1, _STRIP // width)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        rgb[top:bottom] = _strip_to_rgb(picture.crop((0, top, width, bottom)), colours)
    return rgb


def _strip_to_rgb(strip: PilImage.Image, colours: Colours) -> Image:
    """Convert: 16 bits to their upper 8, transparency onto white."""
    if strip.mode.startswith("I"):
        # 16-bit grey arrives as I;16 (or I): Pillow's own conversion would clip at 255.
        deep = np.asarray(strip).astype(np.int64)
        strip = PilImage.fromarray(np.clip(deep >> 8, 0, 255).astype(np.uint8))
    if strip.has_transparency_data:
        strip = strip.convert("RGBA")
        white = PilImage.new("RGBA", strip.size, "white")
        strip = PilImage.alpha_composite(white, strip)
    if colours.convert is not None and strip.mode == colours.space and strip.mode in {"CMYK", "LAB"}:
        strip = colours.convert(strip)
    return np.ascontiguousarray(strip if strip.mode == "RGB" else strip.convert("RGB"), dtype=np.uint8)
