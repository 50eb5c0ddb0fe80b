"""A page seen through a filter that removes what lies across a face: used where no face, or only pale faces, are found.

A stamp, the lines of a hologram or a copier's dots hide from the detector a face that a person sees at once. Each
filter removes one of these. Only the search looks through them: contrast, portrait and embedding are those of the page
as it is.
"""

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np

from worker.vision.documents import Page
from worker.vision.geometry import Box, Image

Filter = Callable[[Image], Image]
"""Takes and returns uint8 RGB of one size."""


def without_light_lines(picture: Image) -> Image:
    """Take the darkest channel of each pixel: bright coloured lines, as of a hologram, are dark in one of the three."""
    return _smooth(picture.min(axis=2), 3)


def without_ink(picture: Image) -> Image:
    """Take the lightest channel of each pixel: ink is light in the channel of its own colour, and black ink stays."""
    return _smooth(picture.max(axis=2), 5)


def without_grain(picture: Image) -> Image:
    """Blur what is finer than a face's features: thin strokes, a copier's dots."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 2.5), dtype=np.uint8)


FILTERS: tuple[Filter, ...] = (without_light_lines, without_ink, without_grain)


class FilteredPage:
    """A page whose previews and regions are filtered; otherwise it is the page.

    Parameters
    ----------
    page, chosen
        The page and the filter.
    preview
        Returns the page's previews, unfiltered: those of one page are the same for all filters.

    """

    def __init__(self, page: Page, chosen: Filter, preview: Callable[[int], Image]) -> None:
        self._page = page
        self._filter = chosen
        self._preview = preview
        self.size = page.size
        self.number = page.number
        self.may_show_a_face = page.may_show_a_face
        self.approximate_colours = page.approximate_colours
        self.detail = page.detail
        self.raise_if_damaged = page.raise_if_damaged

    def preview(self, long_side: int) -> Image:
        return self._filter(self._preview(long_side))

    def region(self, box: Box, scale: float = 1.0) -> Image:
        return self._filter(self._page.region(box, scale))


def filtered(page: Page) -> list[FilteredPage]:
    """Return a page through each of the filters."""
    preview = cache(page.preview)
    return [FilteredPage(page, each, preview) for each in FILTERS]


def _smooth(channel: Image, size: int) -> Image:
    """Return a single channel as RGB, each pixel the median of a square: thin lines go, edges stay."""
    return np.repeat(cv2.medianBlur(channel, size)[..., np.newaxis], 3, axis=2)
