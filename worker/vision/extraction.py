"""The two things asked of the engine, from bytes to answers."""

from collections.abc import Sequence
from dataclasses import dataclass

from worker.vision.comparison import Comparison, compare
from worker.vision.documents import open_document
from worker.vision.engine import Engine, default_engine
from worker.vision.errors import NoFaceError, Role, VisionError
from worker.vision.gate import candidate, passing
from worker.vision.geometry import Box, Image
from worker.vision.pages import Limits, Page
from worker.vision.portrait import PlacedFace, crop_portrait, encode_jpeg
from worker.vision.quality import Quality, QualityLimits, assess
from worker.vision.selection import Scores, score
from worker.vision.stages import stage

DEFAULT_LIMITS = Limits()
DEFAULT_QUALITY_LIMITS = QualityLimits()

_PAGE_QUALITY = 80
"""JPEG quality of a page that is looked at, not measured: half the bytes of a portrait's quality."""


@dataclass(frozen=True, slots=True)
class FoundFace:
    """One face of a document.

    Attributes
    ----------
    box
        In pixels of its page at full resolution, upright by the page's metadata.
    page, page_size
        Number of the page from 1, and its (width, height) in pixels.
    detection_score
        The detector's confidence, 0..1.
    scores
        How good a portrait it would be.
    rotation
        By how much the face is turned counter-clockwise on its page, in degrees, 0..360; the portrait is turned back.
    candidate
        Whether it passed the gate that keeps ghost images out.

    """

    box: Box
    page: int
    page_size: tuple[int, int]
    detection_score: float
    scores: Scores
    rotation: float
    candidate: bool


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
    pages
        Every page, where they were asked for.

    """

    portrait: bytes
    portrait_size: tuple[int, int]
    faces: tuple[FoundFace, ...]
    selected: int
    quality: Quality
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
        A JPEG, PNG or PDF file.
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
        The document cannot be read; see :func:`worker.vision.documents.open_document`.

    """
    with open_document(data, limits) as pages:
        survey = _survey(pages, engine or default_engine())
        with stage("crop"):
            image = crop_portrait(survey.portrait)
        with stage("assess"):
            quality = assess(survey.portrait, quality_limits)
        with stage("encode"):
            portrait = encode_jpeg(image)
            seen = () if page_side is None else _pictures(pages, survey, page_side)
    return Extraction(portrait, (image.shape[1], image.shape[0]), survey.faces(), survey.selected, quality, seen)


def _pictures(pages: Sequence[Page], survey: "_Survey", side: int) -> tuple[PagePicture, ...]:
    quarters = {placed.page.number: placed.quarters for placed in survey.placed}
    return tuple(
        PagePicture(
            page.number,
            page.size,
            -90 * quarters.get(page.number, 0) % 360,
            encode_jpeg(page.preview(min(side, max(page.size))), _PAGE_QUALITY),
        )
        for page in pages
    )


def compare_faces(
    selfie: bytes,
    id_photo: bytes,
    *,
    threshold: float | None = None,
    limits: Limits = DEFAULT_LIMITS,
    engine: Engine | None = None,
) -> Comparison:
    """Tell whether two documents show the same person; of each, the face that ``extract_face`` would select counts.

    Parameters
    ----------
    selfie, id_photo
        JPEG, PNG or PDF files.
    threshold
        Distance up to which they match; the encoder's own if not given.
    limits, engine
        As for :func:`extract_face`.

    Raises
    ------
    VisionError
        As for :func:`extract_face`; ``role`` says which of the two is at fault.

    """
    engine = engine or default_engine()
    chips = [aligned_face(selfie, "selfie", limits, engine), aligned_face(id_photo, "id_photo", limits, engine)]
    with stage("embed"):
        first, second = engine.embed(chips)
    return compare(first, second, engine.calibration, threshold)


def aligned_face(data: bytes, role: Role, limits: Limits, engine: Engine) -> Image:
    """Return the portrait's face in a document, aligned for the engine's :meth:`~worker.vision.engine.Engine.embed`.

    Raises
    ------
    VisionError
        With this role.

    """
    try:
        with open_document(data, limits) as pages:
            portrait = _survey(pages, engine, portrait_only=True).portrait
            with stage("align"):
                return engine.align(portrait)
    except VisionError as error:
        error.role = role
        raise


@dataclass(frozen=True, slots=True)
class _Survey:
    """All faces of all pages, larger size score first, and the portrait among them."""

    placed: list[PlacedFace]
    scores: list[Scores]
    passed: list[bool]
    selected: int

    @property
    def portrait(self) -> PlacedFace:
        return self.placed[self.selected]

    def faces(self) -> tuple[FoundFace, ...]:
        return tuple(
            FoundFace(
                box=placed.page_box,
                page=placed.page.number,
                page_size=placed.page.size,
                detection_score=placed.face.score,
                scores=scores,
                rotation=placed.rotation,
                candidate=passed,
            )
            for placed, scores, passed in zip(self.placed, self.scores, self.passed, strict=True)
        )


def _survey(pages: Sequence[Page], engine: Engine, *, portrait_only: bool = False) -> _Survey:
    """Find, score and select.

    Raises
    ------
    NoFaceError

    """
    with stage("find"):
        found = engine.find(pages, portrait_only=portrait_only)
    placed = [
        PlacedFace(page, face, of_page.quarters)
        for page, of_page in zip(pages, found, strict=True)
        for face in of_page.faces
    ]
    if not placed:
        raise NoFaceError(f"no face on {len(pages)} page(s)")
    scored = [(score(each.face.box, each.upright_size), each) for each in placed]
    scored.sort(key=lambda pair: pair[0].size, reverse=True)
    scores, placed = [scores for scores, _ in scored], [each for _, each in scored]
    passed = passing([candidate(each) for each in placed]) if len(placed) > 1 else [True]
    selected = max((index for index, ok in enumerate(passed) if ok), key=lambda index: scores[index].combined)
    with stage("level"):
        placed[selected] = engine.level(placed[selected])
    return _Survey(placed, scores, passed, selected)
