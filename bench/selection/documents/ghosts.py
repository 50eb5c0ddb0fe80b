"""Ghost portraits: a second, weaker print of the holder's portrait, in one ink or as a raster.

A style prints a portrait into a part of the paper. ``contrast`` 0..1 is the contrast of the ghost relative to the
portrait.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.selection.documents.designs import Blank
from bench.selection.documents.drawing import Colour, Random, blended, oval
from bench.selection.documents.scene import resized
from worker.vision.geometry import Box, Image

Tone = NDArray[np.float32]
"""Grey levels 0..1, where 0 is black; float32 ``(height, width)``."""

Style = Callable[[Random, Image, Image, float], Image]
"""Takes the portrait in the size of the ghost, the paper and the contrast. Returns the printed paper."""

_TINTS: tuple[Colour, ...] = ((40, 70, 140), (30, 100, 80), (140, 50, 60), (90, 60, 130), (130, 90, 40))
_BLACK: Colour = (25, 25, 30)


@dataclass(frozen=True)
class Recipe:
    """The variations of a kind of ghost.

    Attributes
    ----------
    styles
        Styles to choose from.
    sizes
        Minimum and maximum size relative to the portrait. The logarithm of the size is uniformly distributed.
    contrasts
        Minimum and maximum contrast.
    text
        Maximum number of text lines across the ghost.

    """

    styles: tuple[Style, ...]
    sizes: tuple[float, float] = (0.35, 1.05)
    contrasts: tuple[float, float] = (0.4, 0.7)
    text: int = 0

    def size(self, random: Random) -> float:
        return math.exp(random.uniform(math.log(self.sizes[0]), math.log(self.sizes[1])))


def place(random: Random, blank: Blank, size: float) -> Box:
    """Choose the position of a ghost: inside the free area, or as close to it as its size allows."""
    width, height = size * blank.portrait.width, size * blank.portrait.height
    free = blank.free
    left = free.left + random.random() * max(0.0, free.width - width)
    top = free.top + random.random() * max(0.0, free.height - height)
    left = min(left, blank.paper.shape[1] - width)
    top = max(0.0, min(top, blank.paper.shape[0] - height))
    return Box(left, top, left + width, top + height)


def print_ghost(random: Random, recipe: Recipe, portrait: Image, picture: Image, box: Box) -> None:
    """Print a ghost into a box of the picture in place."""
    left, top = max(0, round(box.left)), max(0, round(box.top))
    under = picture[top : round(box.bottom), left : round(box.right)]
    height, width = under.shape[:2]
    style = recipe.styles[int(random.integers(len(recipe.styles)))]
    printed = style(random, resized(portrait, (width, height)), under, random.uniform(*recipe.contrasts))
    under[:] = blended(under, printed, _outline(random, width, height))


def tinted(random: Random, portrait: Image, under: Image, contrast: float) -> Image:
    """Print in one coloured ink."""
    return _inked(under, _tone(portrait), _TINTS[int(random.integers(len(_TINTS)))], contrast)


def grey(_random: Random, portrait: Image, under: Image, contrast: float) -> Image:
    """Print in black, like laser engraving."""
    return _inked(under, _tone(portrait), _BLACK, contrast)


def faded(_random: Random, portrait: Image, under: Image, contrast: float) -> Image:
    """Print transparently in the portrait's colours."""
    return blended(under, portrait, np.full(under.shape[:2], contrast, np.float32))


def halftone(random: Random, portrait: Image, under: Image, contrast: float) -> Image:
    """Print as a raster of dots or lines in black or one colour."""
    height, width = under.shape[:2]
    period, angle = random.uniform(4, 8), random.uniform(0, math.pi)
    y, x = np.mgrid[:height, :width].astype(np.float32) * np.float32(2 * math.pi / period)
    cosine, sine = np.float32(math.cos(angle)), np.float32(math.sin(angle))
    screen = np.sin(x * cosine + y * sine)
    if random.random() < 0.6:  # noqa: PLR2004 - dots, otherwise lines
        screen = (screen + np.sin(y * cosine - x * sine)) / 2
    tone = np.clip((_tone(portrait) - (screen + 1) / 2) * 3 + 0.5, 0, 1).astype(np.float32)
    ink = _BLACK if random.random() < 0.5 else _TINTS[int(random.integers(len(_TINTS)))]  # noqa: PLR2004 - probability
    return _inked(under, tone, ink, contrast)


def _tone(portrait: Image) -> Tone:
    """Return the portrait's grey levels, stretched to 0..1."""
    levels = cv2.cvtColor(portrait, cv2.COLOR_RGB2GRAY).astype(np.float32)
    low, high = np.percentile(levels[::4, ::4], (2, 98))
    return np.asarray(np.clip((levels - low) / max(1.0, high - low), 0, 1), np.float32)


def _inked(under: Image, tone: Tone, ink: Colour, contrast: float) -> Image:
    """Darken the paper towards the ink where the tone is dark."""
    return blended(under, np.array(ink, np.float32), np.float32(contrast) * (1 - tone))


def _outline(random: Random, width: int, height: int) -> NDArray[np.float32]:
    """Return the shape of a ghost: an oval, a rectangle with soft edges, or a plain rectangle."""
    shape = random.random()
    if shape < 0.5:  # noqa: PLR2004
        return oval(width, height, random.uniform(0.1, 0.35))
    if shape < 0.8:  # noqa: PLR2004
        y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        return np.asarray(np.clip((1 - np.abs(x)) * (1 - np.abs(y)) * 6, 0, 1), np.float32)
    return np.ones((height, width), np.float32)


RECIPES: dict[str, Recipe] = {
    "tinted": Recipe((tinted,)),
    "halftone": Recipe((halftone,), contrasts=(0.5, 0.85)),
    "faded": Recipe((faded,), contrasts=(0.2, 0.4)),
    "grey": Recipe((grey,)),
    "text": Recipe((tinted, grey, faded), contrasts=(0.35, 0.65), text=6),
    "strong": Recipe((tinted, grey, faded), sizes=(0.35, 0.9), contrasts=(0.7, 0.9)),
    "large": Recipe((tinted, grey, halftone), sizes=(0.8, 1.05), contrasts=(0.35, 0.65), text=4),
}
"""Recipes by name. A person could mistake a stronger or larger ghost for the portrait."""
