"""Effects of printing, copying, light and cameras. They change the pixels of a picture and keep its geometry."""

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.labelled.scene import Effect
from tests.support.photos import Picture


def grey(picture: Picture) -> Picture:
    """Return the picture without colour, as three equal channels."""
    return np.asarray(cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8)


def dithered(picture: Picture) -> Picture:
    """Return the picture in black and white dots (Floyd-Steinberg), like a fax."""
    return np.asarray(Image.fromarray(picture).convert("1").convert("RGB"), np.uint8)


def photocopied(picture: Picture) -> Picture:
    """Return a grey copy with more contrast, a slight blur, and the noise of toner."""
    blurred = cv2.GaussianBlur(grey(picture), (0, 0), 0.9).astype(np.float32)
    toner = np.random.default_rng(1).normal(0, 7, picture.shape[:2])
    return _clipped(1.35 * (blurred - 128) + 138 + toner[..., None])


def dim(factor: float, noise: float = 6.0) -> Effect:
    """Return an effect that multiplies the light by the factor and adds noise with this deviation in grey levels."""

    def effect(picture: Picture) -> Picture:
        return _clipped(picture * factor + np.random.default_rng(2).normal(0, noise, picture.shape))

    return effect


def glare(at: tuple[float, float], radius: tuple[float, float], light: float = 255.0) -> Effect:
    """Return an effect that adds a reflection at (x, y) with these radii in pixels; the light is in grey levels."""

    def effect(picture: Picture) -> Picture:
        y, x = np.mgrid[0 : picture.shape[0], 0 : picture.shape[1]]
        spot = light * np.exp(-(((x - at[0]) / radius[0]) ** 2 + ((y - at[1]) / radius[1]) ** 2))
        return _clipped(picture + spot[..., None])

    return effect


def shaded(picture: Picture) -> Picture:
    """Return the picture with light from the left: the right edge has half of the light."""
    return _clipped(picture * np.linspace(1.0, 0.5, picture.shape[1])[None, :, None])


def motion_blur(pixels: int) -> Effect:
    """Return an effect that blurs horizontally over this number of pixels, like a moving camera."""
    kernel = np.full((1, pixels), 1 / pixels, np.float32)

    def effect(picture: Picture) -> Picture:
        return np.asarray(cv2.filter2D(picture, -1, kernel), np.uint8)

    return effect


def _clipped(values: NDArray[np.floating]) -> Picture:
    return np.asarray(np.clip(values, 0, 255), np.uint8)
