"""Extracts the portrait of a document's holder: bytes in, crop and scores out."""

from collections.abc import Sequence
from dataclasses import dataclass

from worker.vision.documents import Limits, Page, open_document
from worker.vision.engine import default_engine
from worker.vision.pipeline import Engine
from worker.vision.portrait import crop_portrait, encode_jpeg
from worker.vision.quality import Quality, QualityLimits, assess
from worker.vision.selection.portrait_selection import DocumentFace, PortraitSelection, select_portrait
from worker.vision.stages import stage

DEFAULT_LIMITS = Limits()
DEFAULT_QUALITY_LIMITS = QualityLimits()

_PAGE_QUALITY = 80
"""JPEG quality of page pictures, which are for viewing only: half the bytes of a portrait's quality."""


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A picture of a page, for viewing.

    Attributes
    ----------
    number, size
        Number of the page, from 1, and its (width, height) at full resolution, which is the frame of face boxes.
    rotation
        Counter-clockwise rotation of the page, 0, 90, 180 or 270 degrees, derived from its faces.
    picture
        The page as it is stored, reduced; JPEG.

    """

    number: int
    size: tuple[int, int]
    rotation: int
    picture: bytes


@dataclass(frozen=True, slots=True)
class Extraction:
    """The portrait of a document's holder.

    Attributes
    ----------
    portrait
        JPEG.
    portrait_size
        (width, height) of the portrait in pixels.
    faces
        Every face of the document, ordered by size score from high to low.
    selected
        Index of the portrait's face.
    quality
        Quality of the portrait.
    several_people
        Whether another person's face is of comparable size.
    unreadable_pages
        Numbers of the pages that cannot be read.
    approximate_colours
        Whether the portrait's true colours are unknown.
    pages
        A picture of every readable page; empty unless they were requested.

    """

    portrait: bytes
    portrait_size: tuple[int, int]
    faces: tuple[DocumentFace, ...]
    selected: int
    quality: Quality
    several_people: bool = False
    unreadable_pages: tuple[int, ...] = ()
    approximate_colours: bool = False
    pages: tuple[PagePicture, ...] = ()


def extract_face(
    data: bytes,
    *,
    limits: Limits = DEFAULT_LIMITS,
    quality_limits: QualityLimits = DEFAULT_QUALITY_LIMITS,
    page_side: int | None = None,
    engine: Engine | None = None,
) -> Extraction:
    """Find the holder's portrait in a document.

    Parameters
    ----------
    data
        A file of one of the formats in ``limits``.
    limits
        Limits on formats, pages and pixels.
    quality_limits
        Values of the quality measures at which there is a warning.
    page_side
        Maximum length of the longer side of page pictures, in pixels. If not given, no page pictures are returned.
    engine
        A loaded engine; the process's default engine if not given.

    Raises
    ------
    NoFaceError
        No page shows a face.
    VisionError
        The document cannot be read; see :func:`~worker.vision.documents.open_document`.

    """
    with open_document(data, limits) as document:
        selection = select_portrait(document, engine or default_engine())
        with stage("crop"):
            image = crop_portrait(selection.portrait)
        with stage("assess"):
            quality = assess(selection.portrait, quality_limits)
        with stage("encode"):
            portrait = encode_jpeg(image)
            pages = () if page_side is None else _page_pictures(document.pages, selection, page_side)
    return Extraction(
        portrait,
        (image.shape[1], image.shape[0]),
        selection.faces(),
        selection.selected,
        quality,
        selection.several_people,
        selection.unreadable_pages,
        selection.portrait.page.approximate_colours(selection.portrait.page_box),
        pages,
    )


def _page_pictures(pages: Sequence[Page], selection: PortraitSelection, side: int) -> tuple[PagePicture, ...]:
    quarters = {page_face.page.number: page_face.quarters for page_face in selection.page_faces}
    return tuple(
        PagePicture(
            page.number,
            page.size,
            -90 * quarters.get(page.number, 0) % 360,
            encode_jpeg(page.preview(min(side, max(page.size))), _PAGE_QUALITY),
        )
        for page in pages
        if page.number not in selection.unreadable_pages
    )
