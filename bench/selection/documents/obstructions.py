"""Obstructions of a portrait that make its ghost the clearer face: stamps, reflections, hologram lines, creases.

Each obstruction covers only a part of the face, so that a person still recognises the portrait.
"""

import math
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.selection.documents import sample_text as sample
from bench.selection.documents.drawing import Colour, Random, Text, blended, write
from bench.selection.documents.scene import Scene
from worker.vision.geometry import Box, Image

Obstruction = Callable[[Random, Image, Box], Image]
"""Takes a picture and the box of the portrait's face. Returns the changed picture."""

Share = NDArray[np.float32]

_STAMP_INKS: tuple[Colour, ...] = ((60, 40, 140), (30, 60, 150), (150, 30, 40), (40, 40, 45))
_LETTERING = 0.24  # height of the letters, as a share of the stamp's radius


def obstruct(random: Random, scene: Scene, obstruction: Obstruction) -> Scene:
    """Return the scene with an obstruction on its portrait."""
    return replace(scene, picture=obstruction(random, scene.picture, scene.face))


def stamp(random: Random, picture: Image, face: Box) -> Image:
    """Stamp a ring with letters over an edge of the face."""
    radius = face.height * random.uniform(0.45, 0.75)
    angle, reach = random.uniform(0, 2 * math.pi), random.uniform(0.45, 1.0) * radius
    x, y = face.centre
    return stamped(random, picture, (x + reach * math.cos(angle), y + reach * math.sin(angle)), radius)


def stamped(random: Random, picture: Image, centre: tuple[float, float], radius: float) -> Image:
    """Stamp a ring with this radius in pixels: two circles, a date between two lines, and letters around them."""
    side = round(2 * radius) + 8
    ink = np.zeros((side, side), np.uint8)
    middle, width = (side // 2, side // 2), max(1, round(radius / 28))
    cv2.circle(ink, middle, round(radius), 255, 2 * width, lineType=cv2.LINE_AA)
    cv2.circle(ink, middle, round(0.66 * radius), 255, width, lineType=cv2.LINE_AA)
    for row in (-0.16, 0.16):
        y, half = middle[1] + round(row * radius), round(0.64 * radius)
        cv2.line(ink, (middle[0] - half, y), (middle[0] + half, y), 255, width, lineType=cv2.LINE_AA)
    height = max(6, round(0.22 * radius))
    date = Text((middle[0] - 0.55 * radius, middle[1] - 0.6 * height), sample.date(random), height, (255, 255, 255))
    dated = write(np.repeat(ink[..., None], 3, axis=2), [date])[..., 0]
    ink = np.maximum(dated, _lettering(random, side, radius))
    turn = cv2.getRotationMatrix2D(middle, random.uniform(-40, 40), 1.0)
    ink = np.asarray(cv2.warpAffine(ink, turn, (side, side)), np.uint8)
    worn = cv2.resize(random.uniform(0.5, 1.0, (6, 6)).astype(np.float32), (side, side))
    share = np.asarray(ink * worn * np.float32(random.uniform(0.75, 0.95) / 255), np.float32)
    colour = _STAMP_INKS[int(random.integers(len(_STAMP_INKS)))]
    return _laid(picture, (round(centre[0]) - side // 2, round(centre[1]) - side // 2), share, colour)


def _lettering(random: Random, side: int, radius: float) -> NDArray[np.uint8]:
    """Return letters around a circle, uint8 ``(side, side)``: a strip of text after a polar transform."""
    length, height = round(2 * math.pi * 0.83 * radius), max(6, round(_LETTERING * radius))
    line = f"{sample.state(random)} * CERTIFIED TRUE COPY * " * 2
    strip = write(np.zeros((height + 6, max(8, length), 3), np.uint8), [Text((0, 0), line, height, (255, 255, 255))])
    y, x = np.mgrid[:side, :side].astype(np.float32) - np.float32(side / 2)
    along = (np.arctan2(y, x) + math.pi) / (2 * math.pi) * strip.shape[1]
    across = (0.98 * radius - np.hypot(x, y)) / (0.32 * radius) * strip.shape[0]
    bent = cv2.remap(strip[..., 0], along.astype(np.float32), across.astype(np.float32), cv2.INTER_LINEAR)
    return np.asarray(bent, np.uint8)


def glare(random: Random, picture: Image, face: Box) -> Image:
    """Add the reflection of a lamp away from the centre of the face: a soft, elongated white spot."""
    angle, reach = random.uniform(0, 2 * math.pi), random.uniform(0.2, 0.5)
    x = face.centre[0] + reach * face.width * math.cos(angle)
    y = face.centre[1] + reach * face.height * math.sin(angle)
    radii = random.uniform(0.12, 0.26) * face.height, random.uniform(0.25, 0.6) * face.height
    u, v = _turned_grid(picture, (x, y), random.uniform(0, math.pi))
    share = random.uniform(0.75, 1.0) * np.exp(-((u / radii[0]) ** 2) - (v / radii[1]) ** 2)
    return blended(picture, np.array((255, 255, 250), np.float32), np.asarray(share, np.float32))


def reflection(random: Random, picture: Image, face: Box) -> Image:
    """Add the reflection of a window: slanted panes of pale light with soft edges."""
    width = random.uniform(0.5, 1.0) * face.width
    u, v = _turned_grid(picture, face.centre, random.uniform(-0.6, 0.6))
    u = u + np.float32(random.uniform(-0.4, 0.4) * face.width)
    soft = np.float32(random.uniform(4, 12))
    pane = np.clip((width / 2 - np.abs(u)) / soft, 0, 1) * np.clip((0.9 * face.height - np.abs(v)) / soft, 0, 1)
    bars = np.clip((np.abs(np.mod(v, 0.8 * face.height) - 0.4 * face.height) - 5) / 3, 0, 1)
    share = random.uniform(0.4, 0.7) * pane * bars
    return blended(picture, np.array((225, 235, 250), np.float32), np.asarray(share, np.float32))


def hologram(random: Random, picture: Image, face: Box) -> Image:
    """Add iridescent waves and rings over the portrait, like a hologram laminate."""
    u, v = _turned_grid(picture, face.centre, random.uniform(0, math.pi))
    period = face.height * random.uniform(0.1, 0.2)
    phase = v + 0.12 * face.height * np.sin(u / (0.25 * face.height))
    if random.random() < 0.5:  # noqa: PLR2004 - probability
        phase = np.hypot(u, v + np.float32(random.uniform(0.3, 0.9) * face.height))
    lines = np.clip(np.sin(phase * np.float32(2 * math.pi / period)) * 3 - 1.7, 0, 1)
    near = np.exp(-((u / (1.1 * face.height)) ** 2) - (v / (1.1 * face.height)) ** 2)
    hue = (u + v) / np.float32(0.5 * face.height)
    colour = 170 + 85 * np.stack([np.sin(hue), np.sin(hue + 2.1), np.sin(hue + 4.2)], axis=2)
    share = random.uniform(0.4, 0.7) * lines * near
    return blended(picture, colour.astype(np.float32), np.asarray(share, np.float32))


def crease(random: Random, picture: Image, face: Box) -> Image:
    """Add a fold across the face: white cracks along a line, and a shift of a few pixels on one side."""
    spot = face.centre[0], face.centre[1] + random.uniform(-0.25, 0.25) * face.height
    _, v = _turned_grid(picture, spot, random.uniform(-0.5, 0.5) + (math.pi / 2 if random.random() < 0.4 else 0))  # noqa: PLR2004
    height, width = picture.shape[:2]
    shift = round(random.uniform(1, 0.03 * face.height + 1))
    moved = np.roll(picture, shift, axis=1)
    folded = np.where((v > 0)[..., None], moved, picture)
    rough = cv2.resize(random.uniform(0, 1, (height // 12, width // 12)).astype(np.float32), (width, height))
    crack = np.clip(random.uniform(3, 8) * (0.4 + rough) - np.abs(v), 0, 2) / 2
    shade = np.exp(-np.abs(v) / np.float32(0.1 * face.height)) * 0.25
    folded = blended(folded, np.array((20, 20, 20), np.float32), np.asarray(shade, np.float32))
    share = np.asarray(crack * np.float32(random.uniform(0.7, 1.0)), np.float32)
    return blended(folded, np.array((240, 238, 232), np.float32), share)


def _turned_grid(picture: Image, centre: tuple[float, float], angle: float) -> tuple[Share, Share]:
    """Return coordinates along and across a direction in pixels from the centre: float32 ``(height, width)``."""
    y, x = np.ogrid[: picture.shape[0], : picture.shape[1]]
    dx, dy = (x - centre[0]).astype(np.float32), (y - centre[1]).astype(np.float32)
    cosine, sine = np.float32(math.cos(angle)), np.float32(math.sin(angle))
    return dx * cosine + dy * sine, dy * cosine - dx * sine


def _laid(picture: Image, at: tuple[int, int], share: Share, colour: Colour) -> Image:
    """Blend a colour into the picture. ``share`` is the weight, with its top left corner at ``at``."""
    picture = picture.copy()
    height, width = share.shape
    left, top = max(0, at[0]), max(0, at[1])
    right, bottom = min(picture.shape[1], at[0] + width), min(picture.shape[0], at[1] + height)
    if left < right and top < bottom:
        part = share[top - at[1] : bottom - at[1], left - at[0] : right - at[0]]
        inside = picture[top:bottom, left:right]
        inside[:] = blended(inside, np.array(colour, np.float32), part)
    return picture
