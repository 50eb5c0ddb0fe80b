"""Conversion of a picture's colours to sRGB by its colour profile."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from PIL import Image as PilImage, ImageCms

from worker.vision.geometry import Image

Space = Literal["RGB", "L", "CMYK", "LAB"]
"""Pillow's names of the colour spaces of profiles."""

_SPACES: dict[str, Space] = {
    "RGB": "RGB",
    "GRAY": "L",
    "CMYK": "CMYK",
    "Lab": "LAB",
}  # by the name in a profile's header

_INVISIBLE = 2
"""Maximum difference, in levels of 256, of colours that count as equal. The many sRGB profiles differ by one level."""

_GRID = np.linspace(0, 255, 9).round().astype(np.uint8)  # values of a channel at which conversions are compared


@dataclass(frozen=True, slots=True)
class Colours:
    """The meaning of a picture's values.

    Attributes
    ----------
    convert
        Converts a picture of Pillow's mode ``space`` to sRGB. None if the values are sRGB, or are treated as sRGB.
    space
        Colour space of the profile; None without a conversion.
    approximate
        Whether the true colours are unknown, so that the returned colours are approximate.

    """

    convert: Callable[[PilImage.Image], PilImage.Image] | None = None
    space: Space | None = None
    approximate: bool = False

    def converted(self, rgb: Image) -> Image:
        """Convert a decoded picture to sRGB.

        The picture is uint8 RGB in the colour space of the profile. For a grey profile, the three channels are equal.
        """
        if self.convert is None or self.space not in {"RGB", "L"}:
            return rgb
        source = rgb if self.space == "RGB" else rgb[..., 0]
        return np.asarray(self.convert(PilImage.fromarray(np.ascontiguousarray(source))), np.uint8)


SRGB = Colours()
APPROXIMATE = Colours(approximate=True)


def colours_of(icc: bytes | None, space: Space) -> Colours:
    """Return the meaning of a picture's values.

    Parameters
    ----------
    icc
        The profile, if the picture has one.
    space
        Colour space of the values. Without a profile, RGB and grey are sRGB, and the colours of CMYK are unknown.
        Callers give a profile for Lab.

    """
    if icc is None:
        return APPROXIMATE if space == "CMYK" else SRGB
    return _of_profile(icc, space)


@lru_cache(maxsize=32)
def _of_profile(icc: bytes, space: Space) -> Colours:
    """Return the meaning by a profile. As in browsers, a damaged profile or one of another space is ignored."""
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        described = _SPACES.get(profile.profile.xcolor_space.strip())
        if (described, space) == ("RGB", "L"):
            space = "RGB"  # many writers put the sRGB profile on grey pictures, and grey is a part of RGB
        if described != space:
            return APPROXIMATE
        transform = ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), space, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return APPROXIMATE

    def convert(picture: PilImage.Image) -> PilImage.Image:
        converted = ImageCms.applyTransform(picture, transform)
        assert converted is not None  # noqa: S101 - None is returned only for conversions in place
        return converted

    return SRGB if _changes_nothing(convert, space) else Colours(convert, space)


def _changes_nothing(convert: Callable[[PilImage.Image], PilImage.Image], space: Space) -> bool:
    """Return whether a conversion leaves colours unchanged: the name of an sRGB profile is not reliable."""
    if space not in {"RGB", "L"}:
        return False
    if space == "RGB":
        expected = np.stack(np.meshgrid(_GRID, _GRID, _GRID, indexing="ij"), axis=-1).reshape(1, -1, 3)
    else:
        expected = np.repeat(_GRID.reshape(1, -1, 1), 3, axis=2)
    source = expected if space == "RGB" else expected[..., 0]
    result = np.asarray(convert(PilImage.fromarray(np.ascontiguousarray(source))))
    return int(np.abs(result.astype(int) - expected).max()) <= _INVISIBLE
