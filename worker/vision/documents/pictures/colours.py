"""Colours of pictures that name a profile, converted to sRGB."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from PIL import Image as PilImage, ImageCms

from worker.vision.geometry import Image

Space = Literal["RGB", "L", "CMYK", "LAB"]
"""Pillow's names of the colour spaces that a profile can describe."""

_SPACES: dict[str, Space] = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab": "LAB"}  # by a profile's header

_INVISIBLE = 2
"""Levels of 256 by which a conversion may change a colour and still be none: the many sRGB profiles differ by one."""

_GRID = np.linspace(0, 255, 9).round().astype(np.uint8)  # of a channel, on which that is looked at


@dataclass(frozen=True, slots=True)
class Colours:
    """What the values of a picture mean.

    Attributes
    ----------
    convert
        Brings a picture of Pillow's mode ``space`` to sRGB; None where its values are sRGB, or taken for it.
    space
        The profile's space; None without a conversion.
    approximate
        Whether the picture's true colours are not known, so that those returned are a guess.

    """

    convert: Callable[[PilImage.Image], PilImage.Image] | None = None
    space: Space | None = None
    approximate: bool = False

    def converted(self, rgb: Image) -> Image:
        """Convert a decoded picture, uint8 RGB in the profile's space or three times its grey, to sRGB."""
        if self.convert is None or self.space not in {"RGB", "L"}:
            return rgb
        source = rgb if self.space == "RGB" else rgb[..., 0]
        return np.asarray(self.convert(PilImage.fromarray(np.ascontiguousarray(source))), np.uint8)


SRGB = Colours()
GUESSED = Colours(approximate=True)


def colours_of(icc: bytes | None, space: Space) -> Colours:
    """Return what the values of a picture mean.

    Parameters
    ----------
    icc
        Its profile, if it has one.
    space
        Of its values. CMYK and Lab mean nothing without a profile; RGB and grey without one are sRGB.

    """
    if icc is None:
        return GUESSED if space == "CMYK" else SRGB
    return _of_profile(icc, space)


@lru_cache(maxsize=32)
def _of_profile(icc: bytes, space: Space) -> Colours:
    """Return what a profile says; it is ignored where it is damaged or of another space, as browsers do."""
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        described = _SPACES.get(profile.profile.xcolor_space.strip())
        if (described, space) == ("RGB", "L"):
            space = "RGB"  # of which grey is a part: many writers put sRGB's profile on grey pictures
        if described != space:
            return GUESSED
        transform = ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), space, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return GUESSED

    def convert(picture: PilImage.Image) -> PilImage.Image:
        converted = ImageCms.applyTransform(picture, transform)
        assert converted is not None  # noqa: S101 - it is not done in place
        return converted

    return SRGB if _changes_nothing(convert, space) else Colours(convert, space)


def _changes_nothing(convert: Callable[[PilImage.Image], PilImage.Image], space: Space) -> bool:
    """Tell whether a profile is sRGB by what it does; its name says little."""
    if space not in {"RGB", "L"}:
        return False
    if space == "RGB":
        expected = np.stack(np.meshgrid(_GRID, _GRID, _GRID, indexing="ij"), axis=-1).reshape(1, -1, 3)
    else:
        expected = np.repeat(_GRID.reshape(1, -1, 1), 3, axis=2)
    source = expected if space == "RGB" else expected[..., 0]
    result = np.asarray(convert(PilImage.fromarray(np.ascontiguousarray(source))))
    return int(np.abs(result.astype(int) - expected).max()) <= _INVISIBLE
