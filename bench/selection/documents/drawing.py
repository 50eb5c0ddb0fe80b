"""Drawing functions for documents: security paper, text, barcodes, noise. Results depend only on the generator."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PilImage, ImageDraw, ImageFont

from worker.vision.geometry import Image

Colour = tuple[int, int, int]
Random = np.random.Generator
Mask = NDArray[np.uint8]
"""uint8 ``(height, width)``."""

_PATTERNS = 9
_PATTERN_SIDE = 1100  # pixels; larger than any document before its capture
_PEN: Colour = (30, 30, 90)
_NOISE_SIDE = 512
_NOISE_SCALE = 32.0  # standard deviation of the noise tile in grey levels


@dataclass(frozen=True)
class Text:
    """A line of text: its top left corner in pixels, its height in pixels and its colour.

    ``pitch`` is the distance between characters in pixels for machine-readable lines. 0 uses the width of each
    character.
    """

    at: tuple[float, float]
    content: str
    height: int = 22
    colour: Colour = (35, 35, 50)
    bold: bool = False
    pitch: float = 0.0


def paper(random: Random, size: tuple[int, int], one: Colour, other: Colour, depth: float = 22.0) -> Image:
    """Return security paper of this (width, height): a gradient of two colours and a pattern of fine lines.

    ``depth`` is the contrast of the lines in grey levels.
    """
    corners = np.array([[one, other], [other, one]] if random.random() < 0.5 else [[one, one], [other, other]])  # noqa: PLR2004
    ground = cv2.resize(corners.astype(np.uint8), size, interpolation=cv2.INTER_LINEAR)
    lines = _pattern(int(random.integers(_PATTERNS)))[: size[1], : size[0]]
    levels = depth * random.uniform(0.4, 1.0, 3) / 255
    table = np.round(np.arange(256)[None, :, None] * levels).astype(np.uint8)
    return np.asarray(cv2.subtract(ground, cv2.LUT(cv2.merge([lines] * 3), table)), np.uint8)


@cache
def _pattern(number: int) -> Mask:
    """Return fine waves, rosettes or crossed lines like security printing, 0..255."""
    random = np.random.default_rng(number)
    y, x = np.mgrid[:_PATTERN_SIDE, :_PATTERN_SIDE].astype(np.float32)
    period = np.float32(random.uniform(5, 10))
    if number % 3 == 0:
        phase = y + np.float32(random.uniform(6, 18)) * np.sin(x / np.float32(random.uniform(25, 70)))
    elif number % 3 == 1:
        x0, y0 = random.uniform(300, 800, 2).astype(np.float32)
        petals = np.float32(random.integers(5, 14))
        turned = np.arctan2(y - y0, x - x0)
        phase = np.hypot(x - x0, y - y0) + np.float32(14) * np.sin(petals * turned)
    else:
        phase = x * np.float32(0.7) + np.float32(12) * np.sin(y / 40) * np.sin(x / 60)
    waves = np.sin(phase * np.float32(2 * math.pi) / period)
    return np.asarray(np.clip(127 + 220 * waves, 0, 255), np.uint8)


@cache
def _font(height: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(height)


def write(picture: Image, texts: Sequence[Text]) -> Image:
    """Return the picture with these lines of text."""
    image = PilImage.fromarray(picture)
    pen = ImageDraw.Draw(image)
    for text in texts:
        stroke, font = max(1, text.height // 24) if text.bold else 0, _font(text.height)
        pieces = [(0.0, text.content)]
        if text.pitch:
            pieces = [(index * text.pitch, character) for index, character in enumerate(text.content)]
        for shift, piece in pieces:
            pen.text((text.at[0] + shift, text.at[1]), piece, text.colour, font, stroke_width=stroke)
    return np.array(image)


def barcode(random: Random, picture: Image, box: tuple[int, int, int, int], *, upright: bool = True) -> None:
    """Draw a barcode into (left, top, right, bottom) of the picture, with vertical or horizontal bars."""
    left, top, right, bottom = box
    length = right - left if upright else bottom - top
    widths = np.repeat([30, 245], [1, 1])[random.integers(0, 2, length // 3 + 1)].astype(np.uint8)
    bars = np.repeat(widths, 3)[:length]
    picture[top:bottom, left:right] = bars[None, :, None] if upright else bars[:, None, None]


def scribble(random: Random, picture: Image, at: tuple[float, float], width: float, colour: Colour = _PEN) -> None:
    """Draw a signature: a line of loops that starts at a point, with this width in pixels."""
    left, top = at
    steps = np.linspace(0, 1, 60)
    loops, height = random.uniform(4, 8), width * random.uniform(0.1, 0.2)
    x = left + width * (steps + 0.05 * np.sin(2 * math.pi * loops * steps + 1))
    y = top + height * np.sin(2 * math.pi * loops * steps) * random.uniform(0.4, 1.0, 60)
    points = np.stack([x, y], axis=1).astype(np.int32)
    cv2.polylines(picture, [points], isClosed=False, color=colour, thickness=max(1, round(width / 90)), lineType=16)


def noisy(picture: Image, random: Random, deviation: float) -> Image:
    """Add normal noise with this deviation in grey levels, from a tile with a random shift."""
    height, width = picture.shape[:2]
    top, left = random.integers(0, _NOISE_SIDE, 2)
    times = -(-(height + int(top)) // _NOISE_SIDE), -(-(width + int(left)) // _NOISE_SIDE), 1
    tile = np.tile(_noise_tile(), times)[top : top + height, left : left + width]
    share = deviation / _NOISE_SCALE
    return np.asarray(cv2.addWeighted(picture, 1.0, tile, share, -128.0 * share), np.uint8)


@cache
def _noise_tile() -> Image:
    random = np.random.default_rng(0)
    levels = random.normal(128, _NOISE_SCALE, (_NOISE_SIDE, _NOISE_SIDE, 3))
    return np.asarray(np.clip(levels, 0, 255), np.uint8)


def blended(under: Image, over: NDArray[np.float32] | Image, share: NDArray[np.float32]) -> Image:
    """Blend two pictures of the same size. ``share`` is the weight 0..1 of the second, ``(height, width)``."""
    below = under.astype(np.float32)
    return np.asarray(np.clip(below + share[..., None] * (over - below) + 0.5, 0, 255), np.uint8)


def oval(width: int, height: int, softness: float = 0.25) -> NDArray[np.float32]:
    """Return a mask 0..1 of an ellipse in a rectangle of pixels. ``softness`` is the width of its edge in radii."""
    y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return np.asarray(np.clip((1 - np.sqrt(x * x + y * y)) / softness, 0, 1), np.float32)
