"""What a page is to the rest of the engine, and how much of a document is read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from worker.vision.documents.formats import FORMATS
from worker.vision.errors import NoFaceError, VisionError
from worker.vision.geometry import Box, Image


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a document is read.

    Attributes
    ----------
    max_pages
        Pages of a PDF or TIFF that are looked at, from the first.
    max_pixels
        Pixels of a picture, or of a scan inside a PDF; three bytes each when decoded. Above any phone's usual photo
        (50 megapixels), and 192 MB.
    formats
        Names of the formats that are read, of :data:`~worker.vision.documents.FORMATS`.

    """

    max_pages: int = 10
    max_pixels: int = 64_000_000
    formats: frozenset[str] = FORMATS


class Page(Protocol):
    """One page, upright by its own metadata (EXIF, the page's rotation).

    A page is lazy: detection needs a small picture of the whole, a crop a small part of the large one, and a decoder
    can give either for less than the large whole.
    """

    @property
    def number(self) -> int:
        """Number of the page, from 1."""
        ...

    @property
    def size(self) -> tuple[int, int]:
        """Width and height at full resolution, in pixels: the frame of every box."""
        ...

    def raise_if_damaged(self) -> None:
        """Raise the error of a page that has been looked at and is damaged, although something of it is shown.

        Raises
        ------
        UnreadableImageError

        """
        ...

    def preview(self, long_side: int) -> Image:
        """Return the whole page, its longer side this many pixels, uint8 RGB."""
        ...

    @property
    def may_show_a_face(self) -> bool:
        """False for a page that certainly shows no picture, and so need not be looked at."""
        ...

    def approximate_colours(self, box: Box) -> bool:
        """Tell whether the true colours of this part are not known."""
        ...

    def detail(self, box: Box) -> float:
        """Return the scale at which a part of the page has the pixels of the picture that shows it, at most 1."""
        ...

    def region(self, box: Box, scale: float = 1.0) -> Image:
        """Return part of the page, uint8 RGB.

        Parameters
        ----------
        box
            Whole pixels inside the page, at full resolution.
        scale
            Of the result to full resolution, at most 1; the result has the box's sides times this, rounded.

        """
        ...


class UnreadablePage:
    """A page that cannot be read: looking at it raises why."""

    size = (1, 1)
    may_show_a_face = True

    def __init__(self, number: int, error: VisionError) -> None:
        self.number = number
        self._error = error

    def detail(self, box: Box) -> float:  # noqa: ARG002
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
    """A document for as long as it is open.

    Attributes
    ----------
    pages
        At least one; looking at one may raise, and says nothing of the others.
    why_no_face
        Returns what to raise if no page shows a face: the document may have a reason of its own.

    """

    pages: Sequence[Page]
    why_no_face: Callable[[], type[NoFaceError]] = lambda: NoFaceError
