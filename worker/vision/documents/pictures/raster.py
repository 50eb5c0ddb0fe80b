"""One picture as a page: decoded when it is looked at, no larger than needed, upright, in sRGB."""

from typing import Protocol

import cv2
import numpy as np

from worker.vision.documents.pictures.colours import Colours
from worker.vision.documents.pictures.exif import exchanges_axes, upright
from worker.vision.errors import ImageTooLargeError, TooComplexError
from worker.vision.geometry import Box, Image
from worker.vision.stages import stage

_DECODE_ONCE = 20_000_000
"""Pixels up to which a JPEG is decoded once, whole, and halved for the preview: cheaper than a reduced decode for the
preview (half of a full one at any reduction) and a full one for the crop. Above, two decodes take less memory."""

_LONGEST_SIDE = 65_535
"""Pixels: what a JPEG can be. Longer PNGs exist, a picture of a card as long does not."""

_MOST_SCANS = 25
"""Passes over a picture of the most pixels that may be; over a smaller one as many more. Progressive JPEGs have about
10, and each decodes the whole picture again: some kilobytes of scans can keep a decoder busy for hours."""

_REDUCTIONS = (8, 4, 2)  # that a JPEG can be decoded at


class Picture(Protocol):
    """A picture in a file, not decoded yet."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, as stored."""
        ...

    @property
    def scans(self) -> int:
        """Passes over the picture that a decoder takes."""
        ...

    @property
    def weight(self) -> int:
        """How often a picture of this format counts against the limit on pixels."""
        ...

    @property
    def orientation(self) -> int:
        """How the stored picture is to be turned, 1 to 8, as in EXIF."""
        ...

    @property
    def colours(self) -> Colours:
        """What its values mean."""
        ...

    def decode(self, reduction: int) -> Image:
        """Decode the picture as stored, uint8 RGB, at full size or reduced by at most this power of two.

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
        Not decoded yet.
    number
        The page's number, from 1.
    max_pixels
        Limit on width times height, checked before anything is decoded.
    quarters
        Counter-clockwise quarter turns to apply instead of the EXIF orientation: what a PDF page says of a scan in it,
        whose EXIF readers of PDF ignore. None to go by EXIF.

    Raises
    ------
    ImageTooLargeError, TooComplexError

    """

    may_show_a_face = True

    def __init__(self, picture: Picture, number: int, max_pixels: int, quarters: int | None = None) -> None:
        width, height = picture.size
        if picture.weight * width * height > max_pixels or max(width, height) > _LONGEST_SIDE:
            raise ImageTooLargeError(f"{width}x{height} pixels, more than {max_pixels}")
        if picture.scans * width * height > _MOST_SCANS * max_pixels:
            raise TooComplexError(f"{picture.scans} scans of {width}x{height} pixels")
        self._picture = picture
        self._quarters = quarters
        self._image: Image | None = None
        turned = exchanges_axes(picture.orientation) if quarters is None else quarters % 2 == 1
        self.number = number
        self.size = (height, width) if turned else (width, height)

    def detail(self, box: Box) -> float:  # noqa: ARG002 - the same everywhere
        return 1.0

    def approximate_colours(self, box: Box) -> bool:  # noqa: ARG002 - the same everywhere
        return self._picture.colours.approximate

    def raise_if_damaged(self) -> None:
        """Do nothing: a picture that is damaged raises when it is decoded."""

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
        """Return the whole picture, upright, at this scale or larger; what has been decoded once is used again."""
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
    """Scale to (width, height): halved by area as often as it goes, then linearly; a third of what area alone costs."""
    while image.shape[1] >= 2 * size[0] and image.shape[0] >= 2 * size[1] and min(image.shape[:2]) > 1:
        width, height = image.shape[1] // 2, image.shape[0] // 2
        even = image[: 2 * height, : 2 * width]  # an odd last row or column would cost the fast path
        image = _as_image(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA))
    if (image.shape[1], image.shape[0]) == size:
        return image
    return _as_image(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR))


def _as_image(array: object) -> Image:
    return np.ascontiguousarray(array, dtype=np.uint8)
