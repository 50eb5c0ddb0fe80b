"""The portrait: an upright crop of head and shoulders, and its JPEG."""

import numpy as np
import simplejpeg

from worker.vision.geometry import Box, Image
from worker.vision.page_face import PageFace, cut_out

_ASPECT = 35 / 45  # width to height of an ICAO portrait (ISO/IEC 19794-5), 35 by 45 mm

MAX_SIDE = 1024
"""Maximum length of the portrait's longer side, in pixels. A 45 mm portrait scanned at 576 dpi has this length; larger
portraits are reduced to it."""

JPEG_QUALITY = 92


def crop_portrait(page_face: PageFace) -> Image:
    """Cut out head and shoulders, upright, at the resolution of the picture that shows them, up to ``MAX_SIDE``.

    A roll below the detector's ``min_roll`` is not corrected, so that the crop keeps the original pixels.

    Returns
    -------
    Image
        uint8 RGB. Its proportions are 35:45 unless the page ends too near the face.

    """
    box, geometry = page_face.face.box, page_face.geometry
    height = (1 + geometry.margin_above + geometry.margin_below) * box.height
    width = _ASPECT * height
    centre = box.centre
    # The two margins differ. The centre of the crop is therefore shifted along the vertical axis of the face.
    shift = (geometry.margin_below - geometry.margin_above) / 2 * box.height
    angle = np.radians(page_face.tilt)
    middle = centre[0] + shift * np.sin(angle), centre[1] + shift * np.cos(angle)
    rectangle = _box_around(middle, (width, height))
    if page_face.tilt == 0.0:
        rectangle = rectangle.clipped(*page_face.upright_size)
    # Rounding to whole pixels can add one pixel.
    scale = min(page_face.native_scale, MAX_SIDE / (max(rectangle.width, rectangle.height) + 1))
    return cut_out(page_face, rectangle, page_face.tilt, scale)


def encode_jpeg(image: Image, quality: int = JPEG_QUALITY) -> bytes:
    """Encode an RGB picture as JPEG."""
    return bytes(simplejpeg.encode_jpeg(np.ascontiguousarray(image), quality=quality, colorsubsampling="420"))


def _box_around(middle: tuple[float, float], size: tuple[float, float]) -> Box:
    return Box(middle[0] - size[0] / 2, middle[1] - size[1] / 2, middle[0] + size[0] / 2, middle[1] + size[1] / 2)
