"""A page seen through a filter that removes what covers a face.

A stamp, the lines of a hologram or the dots of a copier can hide a face from the detector, although a person sees it at
once. Each filter removes one of these. Only detection uses the filters: contrast, portrait and embedding come from the
unfiltered page.
"""

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np

from worker.vision.documents import Page
from worker.vision.geometry import Box, Image

Filter = Callable[[Image], Image]
"""Maps a picture to a picture of the same size, both uint8 RGB."""


def without_light_lines(picture: Image) -> Image:
    """Take the darkest channel of each pixel. Bright coloured lines, as of a hologram, are dark in one channel."""
    return _median(picture.min(axis=2), 3)


def without_ink(picture: Image) -> Image:
    """Take the lightest channel of each pixel. Coloured ink is light in the channel of its own colour."""
    return _median(picture.max(axis=2), 5)


def without_grain(picture: Image) -> Image:
    """Blur details that are finer than the features of a face: thin strokes and the dots of a copier."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 2.5), dtype=np.uint8)


FILTERS: tuple[Filter, ...] = (without_light_lines, without_ink, without_grain)


class FilteredPage:
    """A page whose previews and regions are filtered. Everything else comes from the page.

    Parameters
    ----------
    page, chosen
        The page and the filter.
    preview
        Returns unfiltered previews of the page, which all filters share.

    """

    def __init__(self, page: Page, chosen: Filter, preview: Callable[[int], Image]) -> None:
        self._page = page
        self._filter = chosen
        self._preview = preview
        self.size = page.size
        self.number = page.number
        self.may_show_a_face = page.may_show_a_face
        self.approximate_colours = page.approximate_colours
        self.native_scale = page.native_scale
        self.raise_if_damaged = page.raise_if_damaged

    def preview(self, long_side: int) -> Image:
        return self._filter(self._preview(long_side))

    def region(self, box: Box, scale: float = 1.0) -> Image:
        return self._filter(self._page.region(box, scale))


def filtered_pages(page: Page) -> list[FilteredPage]:
    """Return the page through each of the filters."""
    preview = cache(page.preview)
    return [FilteredPage(page, each, preview) for each in FILTERS]


def _median(channel: Image, size: int) -> Image:
    """Return one channel as RGB, after a median filter that removes thin lines and keeps edges."""
    return np.repeat(cv2.medianBlur(channel, size)[..., np.newaxis], 3, axis=2)
