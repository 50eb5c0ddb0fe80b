"""The portrait of a document's holder: bytes in, crop and scores out."""

from collections.abc import Sequence
from dataclasses import dataclass

from worker.vision.documents import Limits, Page, open_document
from worker.vision.engine import Engine, default_engine
from worker.vision.portrait import crop_portrait, encode_jpeg
from worker.vision.quality import Quality, QualityLimits, assess
from worker.vision.selection.portrait_selection import FoundFace, Survey, survey_document
from worker.vision.stages import stage

DEFAULT_LIMITS = Limits()
DEFAULT_QUALITY_LIMITS = QualityLimits()

_PAGE_QUALITY = 80
"""JPEG quality of a page that is looked at, not measured: half the bytes of a portrait's quality."""


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A page to look at.

    Attributes
    ----------
    number, size
        From 1; (width, height) at full resolution: the frame of the boxes of its faces.
    rotation
        By how much the page is turned counter-clockwise, 0, 90, 180 or 270 degrees, judged by its faces.
    picture
        The page as it lies, reduced; JPEG.

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
        Its (width, height) in pixels.
    faces
        Every face of the document, larger size score first.
    selected
        Index of the portrait's face.
    quality
        Whether the portrait can be used.
    several_people
        Whether another person's face is of comparable size.
    unreadable_pages
        Numbers of the pages that could not be read.
    approximate_colours
        Whether the portrait's true colours are not known.
    pages
        Every page, where they were asked for.

    """

    portrait: bytes
    portrait_size: tuple[int, int]
    faces: tuple[FoundFace, ...]
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
        A file of one of the formats that ``limits`` names.
    limits
        Bounds on pages and pixels.
    quality_limits
        From where on a measure of quality is a warning.
    page_side
        Pixels of the longer side at which every page is returned as well, at most; none is if not given.
    engine
        A loaded engine; this process's default if not given.

    Raises
    ------
    NoFaceError
        No page shows a face.
    VisionError
        The document cannot be read; see :func:`~worker.vision.documents.open_document`.

    """
    with open_document(data, limits) as document:
        survey = survey_document(document, engine or default_engine())
        with stage("crop"):
            image = crop_portrait(survey.portrait)
        with stage("assess"):
            quality = assess(survey.portrait, quality_limits)
        with stage("encode"):
            portrait = encode_jpeg(image)
            seen = () if page_side is None else _pictures(document.pages, survey, page_side)
    return Extraction(
        portrait,
        (image.shape[1], image.shape[0]),
        survey.faces(),
        survey.selected,
        quality,
        survey.several_people,
        survey.unreadable_pages,
        survey.portrait.page.approximate_colours(survey.portrait.page_box),
        seen,
    )


def _pictures(pages: Sequence[Page], survey: Survey, side: int) -> tuple[PagePicture, ...]:
    quarters = {placed.page.number: placed.quarters for placed in survey.placed}
    return tuple(
        PagePicture(
            page.number,
            page.size,
            -90 * quarters.get(page.number, 0) % 360,
            encode_jpeg(page.preview(min(side, max(page.size))), _PAGE_QUALITY),
        )
        for page in pages
        if page.number not in survey.unreadable_pages
    )
