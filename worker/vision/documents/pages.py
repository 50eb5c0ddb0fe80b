"""The interface of a page, and the limits on a document."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from worker.vision.documents.formats import FORMATS
from worker.vision.errors import NoFaceError, VisionError
from worker.vision.geometry import Box, Image


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on what is read of a document.

    Attributes
    ----------
    max_pages
        Maximum number of pages of a PDF or TIFF that are read, starting with the first.
    max_pixels
        Maximum number of pixels of a picture, or of a picture inside a PDF. A decoded pixel takes three bytes. The
        default is above the usual photographs of phones (50 megapixels) and takes 192 MB.
    formats
        Names of the accepted formats, from :data:`~worker.vision.documents.FORMATS`.

    """

    max_pages: int = 10
    max_pixels: int = 64_000_000
    formats: frozenset[str] = FORMATS


class Page(Protocol):
    """One page, oriented by its own metadata (EXIF, the rotation of a PDF page).

    A page is decoded lazily. Detection needs a small picture of the whole page, and a crop needs a small part at full
    resolution. A decoder can return either at a lower cost than the whole page at full resolution.
    """

    @property
    def number(self) -> int:
        """Number of the page, from 1."""
        ...

    @property
    def size(self) -> tuple[int, int]:
        """Width and height at full resolution, in pixels. This is the frame of all boxes."""
        ...

    def raise_if_damaged(self) -> None:
        """Raise an error if the page has been read and is damaged, even if a part of it can be shown.

        Raises
        ------
        UnreadableImageError

        """
        ...

    def preview(self, long_side: int) -> Image:
        """Return the whole page, scaled to this length of its longer side in pixels, uint8 RGB."""
        ...

    @property
    def may_show_a_face(self) -> bool:
        """False if the page certainly shows no picture, so that no search is needed."""
        ...

    def approximate_colours(self, box: Box) -> bool:
        """Return whether the true colours of this part are unknown."""
        ...

    def native_scale(self, box: Box) -> float:
        """Return the scale, at most 1, at which this part has the same pixels as the picture that shows it."""
        ...

    def region(self, box: Box, scale: float = 1.0) -> Image:
        """Return part of the page, uint8 RGB.

        Parameters
        ----------
        box
            Whole pixels inside the page, at full resolution.
        scale
            Scale of the result relative to full resolution, at most 1. The size of the result is the size of the box
            times the scale, rounded.

        """
        ...


class UnreadablePage:
    """A page that cannot be read. Reading it raises the error."""

    size = (1, 1)
    may_show_a_face = True

    def __init__(self, number: int, error: VisionError) -> None:
        self.number = number
        self._error = error

    def native_scale(self, box: Box) -> float:  # noqa: ARG002
        return 1.0

    def approximate_colours(self, box: Box) -> bool:  # noqa: ARG002
        return False

    def raise_if_damaged(self) -> None:
        raise self._error

    def preview(self, long_side: int) -> Image:  # noqa: ARG002
        raise self._error

    def region(self, box: Box, scale: float = 1.0) -> Image:  # noqa: ARG002
        raise self._error


@dataclass(frozen=True, slots=True)
class Document:
    """An open document.

    Attributes
    ----------
    pages
        At least one page. Reading a page may raise, which does not affect the others.
    no_face_error
        Returns the error type to raise if no page shows a face. The document may have a specific reason.

    """

    pages: Sequence[Page]
    no_face_error: Callable[[], type[NoFaceError]] = lambda: NoFaceError
