"""Simulates captures of documents: scanner, phone, photocopier, fax and messenger."""

import math
from dataclasses import replace

import cv2
import numpy as np
import simplejpeg
from PIL import Image as PilImage

from bench.selection.documents.drawing import Random, noisy
from bench.selection.documents.scene import Effect, Scene
from worker.vision.geometry import Box, Image

_BACKGROUNDS = (
    (122, 92, 70),
    (70, 74, 80),
    (170, 160, 146),
    (60, 84, 66),
    (96, 60, 110),
    (200, 196, 190),
    (40, 36, 34),
)


def scanned(random: Random, scene: Scene) -> Scene:
    """Return a clean capture, 500 to 1,200 pixels wide, with little noise."""
    scene = scene.scaled(random.uniform(0.5, 1.2))
    return scene.changed(lambda picture: noisy(picture, random, random.uniform(0.5, 4)))


def background(random: Random, size: tuple[int, int]) -> Image:
    """Return an unevenly lit surface, such as a table, of this (width, height)."""
    colour = np.array(_BACKGROUNDS[int(random.integers(len(_BACKGROUNDS)))], np.float32)
    grain = (int(random.integers(2, 9)), int(random.integers(40, 160)))[:: int(random.choice([1, -1]))]
    small = np.clip(colour + random.normal(0, 14, (*grain, 1)), 0, 255).astype(np.uint8)
    surface = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    return noisy(surface, random, 7)


def photographed(random: Random, scene: Scene, *, lean: float = 3.0, slant: float = 0.06) -> Scene:
    """Return a phone photograph of the document on a table.

    Parameters
    ----------
    random
        Random generator for size, position, light and perspective.
    scene
        The document.
    lean
        Maximum rotation in degrees in either direction.
    slant
        Maximum shift of each corner by perspective, in sides of the document.

    """
    width, height = scene.size
    frame = (1200, 900) if width > height else (900, 1200)
    factor = random.uniform(0.6, 0.9) * min(frame[0] / width, frame[1] / height)
    half = np.array([width, height]) * factor / 2
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half
    corners += random.uniform(-slant, slant, (4, 2)) * 2 * half
    angle = math.radians(random.uniform(-lean, lean))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    corners = corners @ turn
    room = np.array(frame) - (corners.max(axis=0) - corners.min(axis=0))
    corners += random.uniform(0.2, 0.8, 2) * room - corners.min(axis=0)
    taken = scene.warped_onto(background(random, frame), corners.astype(np.float32))
    return taken.changed(_lit(random), lambda picture: noisy(picture, random, random.uniform(1, 6)))


def _lit(random: Random) -> Effect:
    """Return an effect of uneven light."""
    small = random.uniform(0.7, 1.0, (2, 2, 1)) * random.uniform(0.92, 1.0, (1, 1, 3))

    def effect(picture: Image) -> Image:
        size = picture.shape[1], picture.shape[0]
        light = cv2.resize((255 * small).astype(np.uint8), size, interpolation=cv2.INTER_LINEAR)
        return np.asarray(cv2.multiply(picture, light, scale=1 / 255), np.uint8)

    return effect


def motion_blurred(random: Random, length: float) -> Effect:
    """Return an effect of camera shake: blur of this length in pixels in a random direction."""
    side = max(3, round(length) | 1)
    kernel = np.zeros((side, side), np.float32)
    kernel[side // 2] = 1 / side
    turn = cv2.getRotationMatrix2D((side // 2, side // 2), random.uniform(0, 180), 1.0)
    kernel = cv2.warpAffine(kernel, turn, (side, side)).astype(np.float32)
    kernel /= kernel.sum()
    return lambda picture: np.asarray(cv2.filter2D(picture, -1, kernel), np.uint8)


def dim(random: Random, exposure: float) -> Effect:
    """Return an effect of low light: a share of the exposure, a warm cast, and sensor noise."""
    gains = exposure * np.array([1.0, random.uniform(0.88, 1.0), random.uniform(0.7, 0.95)])

    def effect(picture: Image) -> Image:
        tables = np.round(np.arange(256)[None, :, None] * gains).astype(np.uint8)
        return noisy(np.asarray(cv2.LUT(picture, tables), np.uint8), random, random.uniform(3, 8))

    return effect


def photocopied(random: Random, picture: Image) -> Image:
    """Simulate a grey photocopy: high contrast, a slight blur, and toner noise."""
    levels = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (0, 0), random.uniform(0.6, 1.3))
    gain = random.uniform(1.1, 1.7)
    table = np.clip(gain * (np.arange(256) - 128) + 128 + random.uniform(0, 25), 0, 255).astype(np.uint8)
    copy = np.asarray(cv2.cvtColor(cv2.LUT(levels, table), cv2.COLOR_GRAY2RGB), np.uint8)
    toner = noisy(np.full_like(copy, 128), random, random.uniform(3, 9))[..., :1]
    return np.asarray(cv2.addWeighted(copy, 1.0, np.repeat(toner, 3, axis=2), 1.0, -128.0), np.uint8)


def faxed(random: Random, scene: Scene) -> Scene:
    """Reduce to black and white by dithering, by a local threshold, or by the median of the face."""
    levels = np.asarray(cv2.cvtColor(scene.picture, cv2.COLOR_RGB2GRAY), np.uint8)
    method = int(random.integers(3))
    if method == 0:
        bits = np.asarray(PilImage.fromarray(levels).convert("1").convert("L"), np.uint8)
    elif method == 1:
        mean, white = cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY
        bits = np.asarray(cv2.adaptiveThreshold(levels, 255, mean, white, 61, random.uniform(10, 20)), np.uint8)
    else:
        box = Box(0, 0, *scene.size) if scene.portrait is None else scene.portrait.box
        face = levels[round(box.top) : round(box.bottom), round(box.left) : round(box.right)]
        level = random.uniform(0.75, 1.0) * float(np.median(face))
        bits = np.asarray(np.where(cv2.GaussianBlur(levels, (0, 0), 0.8) > level, 255, 0), np.uint8)
    return replace(scene, picture=np.repeat(bits[..., None], 3, axis=2))


def recompressed(random: Random, picture: Image) -> Image:
    """Compress two or three times, like messengers."""
    for _ in range(int(random.integers(2, 4))):
        data = simplejpeg.encode_jpeg(picture, quality=int(random.integers(25, 55)), colorsubsampling="420")
        picture = np.asarray(simplejpeg.decode_jpeg(data), np.uint8)
    return picture


def reduced_to_face(scene: Scene, height: float) -> Scene:
    """Return the scene scaled to this height of the holder's face in pixels."""
    return scene.scaled(height / scene.face_height)


def jpeg(picture: Image, quality: int) -> bytes:
    """Encode as JPEG like a phone."""
    return bytes(simplejpeg.encode_jpeg(np.ascontiguousarray(picture), quality=quality, colorsubsampling="420"))


def png(picture: Image) -> bytes:
    """Encode as PNG, quickly and without loss."""
    return bytes(cv2.imencode(".png", picture[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])[1])
