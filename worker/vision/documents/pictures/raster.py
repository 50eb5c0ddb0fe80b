"""A picture as a page: upright, in sRGB, decoded on demand and no larger than needed."""

from typing import Protocol

import cv2
import numpy as np

from worker.vision.documents.pictures.colours import Colours
from worker.vision.documents.pictures.exif import swaps_axes, upright
from worker.vision.errors import ImageTooLargeError, TooComplexError
from worker.vision.geometry import Box, Image
from worker.vision.stages import stage

_DECODE_ONCE = 20_000_000
"""Maximum number of pixels of a JPEG that is decoded once at full size, and then reduced for the preview. This is
faster than a reduced decode for the preview, which takes at least 0.6 of the time of a full one, plus a full decode for
the crop. For larger pictures, two decodes take less memory."""

_LONGEST_SIDE = 65_535
"""Maximum side in pixels: the maximum of JPEG. Longer PNGs exist, but no picture of a document has this length."""

_MAX_SCANS = 25
"""Maximum number of passes over a picture that has the maximum number of pixels. A smaller picture may have
proportionally more. Progressive JPEGs have about 10. Each pass decodes the whole picture again: a few kilobytes of
scans can occupy a decoder for hours."""

_REDUCTIONS = (8, 4, 2)  # factors by which a JPEG decoder can reduce a picture


class Picture(Protocol):
    """A picture in a file that is not decoded yet."""

    @property
    def size(self) -> tuple[int, int]:
        """Stored width and height in pixels."""
        ...

    @property
    def scans(self) -> int:
        """Number of passes of a decoder over the picture."""
        ...

    @property
    def memory_factor(self) -> int:
        """Memory for decoding relative to other formats. The limit on pixels is divided by it."""
        ...

    @property
    def orientation(self) -> int:
        """EXIF orientation of the stored picture, 1 to 8."""
        ...

    @property
    def colours(self) -> Colours:
        """The meaning of its values."""
        ...

    def decode(self, reduction: int) -> Image:
        """Decode the stored picture, uint8 RGB, at full size or reduced by at most this power of two.

        Raises
        ------
        UnreadableImageError, TooComplexError

        """
        ...


class RasterPage:
    """A picture as a page.

    Parameters
    ----------
    picture
        A picture that is not decoded yet.
    number
        Number of the page, from 1.
    max_pixels
        Maximum of width times height. It is checked before decoding.
    quarters
        Counter-clockwise quarter turns to apply instead of the EXIF orientation. A PDF page gives the rotation of its
        scan, and PDF readers ignore the scan's EXIF. None to use EXIF.

    Raises
    ------
    ImageTooLargeError, TooComplexError

    """

    may_show_a_face = True

    def __init__(self, picture: Picture, number: int, max_pixels: int, quarters: int | None = None) -> None:
        width, height = picture.size
        if picture.memory_factor * width * height > max_pixels or max(width, height) > _LONGEST_SIDE:
            raise ImageTooLargeError(f"{width}x{height} pixels, more than {max_pixels}")
        if picture.scans * width * height > _MAX_SCANS * max_pixels:
            raise TooComplexError(f"{picture.scans} scans of {width}x{height} pixels")
        self._picture = picture
        self._quarters = quarters
        self._image: Image | None = None
        turned = swaps_axes(picture.orientation) if quarters is None else quarters % 2 == 1
        self.number = number
        self.size = (height, width) if turned else (width, height)

    def native_scale(self, box: Box) -> float:  # noqa: ARG002 - the same everywhere
        return 1.0

    def approximate_colours(self, box: Box) -> bool:  # noqa: ARG002 - the same everywhere
        return self._picture.colours.approximate

    def raise_if_damaged(self) -> None:
        """Do nothing: decoding a damaged picture raises."""

    def preview(self, long_side: int) -> Image:
        factor = long_side / max(self.size)
        size = max(1, round(self.size[0] * factor)), max(1, round(self.size[1] * factor))
        return self._picture.colours.converted(_resized(self._decoded(factor), size))

    def region(self, box: Box, scale: float = 1.0) -> Image:
        image = self._decoded(scale)
        factor = image.shape[1] / self.size[0]
        left, top, right, bottom = (round(edge * factor) for edge in (box.left, box.top, box.right, box.bottom))
        part = image[top : max(bottom, top + 1), left : max(right, left + 1)]
        part = _resized(part, (max(1, round(box.width * scale)), max(1, round(box.height * scale))))
        return self._picture.colours.converted(part)

    def _decoded(self, scale: float) -> Image:
        """Return the whole picture, upright, at this scale or larger. A large enough decoded picture is reused."""
        if self._image is None or self._image.shape[1] < round(self.size[0] * min(scale, 1.0)):
            once = self.size[0] * self.size[1] <= _DECODE_ONCE
            self._image = self._decode(1.0 if once else scale)
        return self._image

    @stage("decode")
    def _decode(self, scale: float) -> Image:
        stored = self._picture.decode(next((by for by in _REDUCTIONS if scale <= 1 / by), 1))
        if self._quarters is None:
            return upright(stored, self._picture.orientation)
        return stored if self._quarters == 0 else np.ascontiguousarray(np.rot90(stored, self._quarters))


def _resized(image: Image, size: tuple[int, int]) -> Image:
    """Scale to (width, height): repeatedly halve by area averaging, then scale linearly.

    This takes a third of the time of area averaging alone.
    """
    while image.shape[1] >= 2 * size[0] and image.shape[0] >= 2 * size[1] and min(image.shape[:2]) > 1:
        width, height = image.shape[1] // 2, image.shape[0] // 2
        even = image[: 2 * height, : 2 * width]  # an odd last row or column would disable the fast path
        image = _as_image(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA))
    if (image.shape[1], image.shape[0]) == size:
        return image
    return _as_image(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR))


def _as_image(array: object) -> Image:
    return np.ascontiguousarray(array, dtype=np.uint8)
