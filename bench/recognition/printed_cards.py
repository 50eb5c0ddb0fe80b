"""Simulates an identity card with a printed portrait, as a camera or a scanner captures it.

The portrait is scaled to print resolution, rasterised, reduced to the resolution of the capture, placed on a card and
compressed. Sizes are measured from eye to chin: 200 pixels correspond to a good scan of a portrait of 32 by 41 mm, 60
pixels to a photograph of the card from too far away.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from worker.vision.geometry import Image

_PRINT = 300.0
"""Pixels from eye to chin in print: 12 mm on a portrait of 32 by 41 mm, at 635 dpi."""

_CELL = 6.0
"""Pixels of a raster cell in print: 106 lines per inch, as in most laser printers."""

_INK_ANGLES = (15.0, 75.0, 0.0)
"""Angles of the screens for cyan, magenta and yellow in degrees, as usual in four-colour printing."""

_LINES, _DOTS = 1, 2  # number of crossed waves in a screen
_SCREEN_STEP = 512  # pixels; screen sizes are multiples of this, for the cache
_INK, _PAPER = 25, 255  # grey levels of full ink and of no ink

_CARD_COLOUR = (214, 226, 232)
_MARGIN = 0.25  # around the portrait, in sides of the portrait
_TEXT_WIDTH = 1.4  # width of the text next to the portrait, in widths of the portrait

_NOISE = 3.0  # grey levels, standard deviation of the sensor's noise
_COPY_NOISE = 14.0  # the same for a photocopy
_COPY_GAIN = 1.7  # contrast of the photocopy; shadows and highlights are clipped

Raster = Callable[[Image], Image]
Random = np.random.Generator


@dataclass(frozen=True, slots=True)
class Condition:
    """Printing and capture of a card.

    Attributes
    ----------
    name
        Name in reports.
    size
        Pixels from eye to chin in the capture.
    raster
        Raster of the print; None for a print that is finer than the capture.
    photocopy
        Whether the capture is a grey photocopy of the card.
    glare
        Whether the lamination reflects light across the face.
    quality
        JPEG quality of the capture, 0..100.

    """

    name: str
    size: int
    raster: Raster | None = None
    photocopy: bool = False
    glare: bool = False
    quality: int = 60


@dataclass(frozen=True, slots=True)
class Head:
    """A portrait to print.

    Attributes
    ----------
    picture
        Head and shoulders, uint8 RGB.
    eye_to_chin
        Pixels from the line of the eyes to the chin.

    """

    picture: Image
    eye_to_chin: float


def captured_card(head: Head, condition: Condition, random: Random) -> bytes:
    """Print a portrait on a card and capture it. Returns a JPEG file."""
    printed = _scaled(head.picture, _PRINT / head.eye_to_chin)
    if condition.raster is not None:
        printed = condition.raster(printed)
    portrait = _scaled(printed, condition.size / _PRINT)
    card = _card(portrait)
    if condition.photocopy:
        card = _photocopy(card, random)
    if condition.glare:
        card = _glare(card, portrait)
    noisy = card + random.normal(0.0, _NOISE, card.shape)
    return bytes(simplejpeg.encode_jpeg(_picture(noisy), quality=condition.quality, colorsubsampling="420"))


def halftone(picture: Image) -> Image:
    """Print with round dots in cyan, magenta and yellow. Each ink has its own screen angle."""
    return np.stack([_inked(picture[..., ink], _DOTS, angle) for ink, angle in enumerate(_INK_ANGLES)], axis=2)


def line_raster(picture: Image) -> Image:
    """Print with lines at 45 degrees whose width follows the tone, like security printing."""
    return np.stack([_inked(picture[..., ink], _LINES, 45.0) for ink in range(3)], axis=2)


def _inked(channel: NDArray[np.uint8], crossed: int, angle: float) -> NDArray[np.uint8]:
    """Leave the paper white where the tone exceeds the screen. Edges are one pixel soft, because ink spreads."""
    height, width = channel.shape
    side = _SCREEN_STEP * math.ceil(max(height, width) / _SCREEN_STEP)
    ink = np.clip((channel / np.float32(255) - _screen(side, crossed, angle)[:height, :width]) * 4 + 0.5, 0.0, 1.0)
    return _picture(_INK + (_PAPER - _INK) * cv2.GaussianBlur(ink, (0, 0), 0.8))


@cache
def _screen(side: int, crossed: int, angle: float) -> NDArray[np.float32]:
    """Return a screen of one or two crossed waves: float32 ``(side, side)``, uniformly distributed over 0..1."""
    y, x = np.mgrid[:side, :side].astype(np.float32) * np.float32(2 * math.pi / _CELL)
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    waves = np.cos(x * cosine - y * sine)
    if crossed == _DOTS:
        waves = (waves + np.cos(x * sine + y * cosine)) / 2
    values = np.sort(waves[::16].ravel())
    return np.asarray(np.searchsorted(values, waves) / len(values), dtype=np.float32)


def _card(portrait: Image) -> NDArray[np.float32]:
    """Place a portrait on a card with lines of text next to it."""
    height, width = portrait.shape[:2]
    above, before = round(_MARGIN * height), round(_MARGIN * width)
    size = height + 2 * above, round((1 + _TEXT_WIDTH) * width) + 3 * before, 3
    card = np.full(size, _CARD_COLOUR, np.uint8)
    card[above : above + height, before : before + width] = portrait
    scale = width / 330
    left = width + 2 * before
    for row in range(6):
        position = left, above + round((row + 1) * height / 7)
        cv2.putText(
            card, "NAMES 8001015009087", position, cv2.FONT_HERSHEY_SIMPLEX, scale, (40, 40, 60), 1 + round(scale)
        )
    return card.astype(np.float32)


def _photocopy(card: NDArray[np.float32], random: Random) -> NDArray[np.float32]:
    """Simulate a grey photocopy: more contrast, less detail, grain."""
    grey = card @ np.array([0.299, 0.587, 0.114], np.float32)
    grey = np.clip((grey - 128) * _COPY_GAIN + 140, 0, 255)
    grain = cv2.GaussianBlur(random.normal(0.0, 2 * _COPY_NOISE, grey.shape).astype(np.float32), (0, 0), 0.8)
    copied = cv2.GaussianBlur(grey, (0, 0), 0.7) + grain
    return np.repeat(np.clip(copied, 0, 255)[..., None], 3, axis=2)


def _glare(card: NDArray[np.float32], portrait: Image) -> NDArray[np.float32]:
    """Add a reflection: a soft bright band across one cheek and eye of a centred face."""
    height, width = portrait.shape[:2]
    x0, y0 = (_MARGIN + 0.62) * width, (_MARGIN + 0.5) * height
    y, x = np.mgrid[: card.shape[0], : card.shape[1]].astype(np.float32)
    across = ((x - x0) + 0.5 * (y - y0)) / (0.10 * width)
    along = ((y - y0) - 0.5 * (x - x0)) / (0.35 * height)
    strength = 0.85 * np.exp(-(across**2) / 2 - along**2 / 2)
    return np.asarray(card + strength[..., None] * (255 - card), dtype=np.float32)


def _scaled(picture: Image, factor: float) -> Image:
    size = max(1, round(picture.shape[1] * factor)), max(1, round(picture.shape[0] * factor))
    return _picture(cv2.resize(picture, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC))


def _picture(values: "NDArray[np.generic] | cv2.typing.MatLike") -> Image:
    return np.clip(np.asarray(values), 0, 255).astype(np.uint8)


CONDITIONS = (
    Condition("200 pixels", 200),
    Condition("100 pixels", 100),
    Condition("60 pixels", 60),
    Condition("100 pixels, halftone", 100, halftone),
    Condition("100 pixels, line raster", 100, line_raster),
    Condition("100 pixels, lamination glare", 100, glare=True),
    Condition("100 pixels, photocopy", 100, halftone, photocopy=True),
    Condition("60 pixels, photocopy", 60, halftone, photocopy=True),
)
"""Sizes are from eye to chin. All captures are JPEGs with quality 60."""
