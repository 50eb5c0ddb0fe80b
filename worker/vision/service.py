"""The two things asked of the engine, from bytes to answers."""

from collections.abc import Sequence
from dataclasses import dataclass

from worker.vision.comparison import DEFAULT_THRESHOLD, Comparison, compare
from worker.vision.documents import open_document
from worker.vision.engine import Engine, default_engine
from worker.vision.errors import NoFaceError, Role, VisionError
from worker.vision.geometry import Box, Image
from worker.vision.pages import Limits, Page
from worker.vision.portrait import PlacedFace, crop_portrait, encode_jpeg
from worker.vision.selection import Scores, candidates, score

DEFAULT_LIMITS = Limits()


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

    """

    portrait: bytes
    portrait_size: tuple[int, int]
    faces: tuple[FoundFace, ...]
    selected: int


def extract_face(data: bytes, *, limits: Limits = DEFAULT_LIMITS, engine: Engine | None = None) -> Extraction:
    """Find the holder's portrait in a document.

    Parameters
    ----------
    data
        A JPEG, PNG or PDF file.
    limits
        Bounds on pages and pixels.
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
        placed, found, selected = _survey(pages, engine or default_engine())
        image = crop_portrait(placed[selected])
    return Extraction(encode_jpeg(image), (image.shape[1], image.shape[0]), found, selected)


def compare_faces(
    selfie: bytes,
    id_photo: bytes,
    *,
    threshold: float = DEFAULT_THRESHOLD,
    limits: Limits = DEFAULT_LIMITS,
    engine: Engine | None = None,
) -> Comparison:
    """Tell whether two documents show the same person; of each, the face that ``extract_face`` would select counts.

    Parameters
    ----------
    selfie, id_photo
        JPEG, PNG or PDF files.
    threshold
        Distance up to which they match.
    limits, engine
        As for :func:`extract_face`.

    Raises
    ------
    VisionError
        As for :func:`extract_face`; ``role`` says which of the two is at fault.

    """
    engine = engine or default_engine()
    chips = [_chip(selfie, "selfie", limits, engine), _chip(id_photo, "id_photo", limits, engine)]
    first, second = engine.embed(chips)
    return compare(first, second, threshold)


def _chip(data: bytes, role: Role, limits: Limits, engine: Engine) -> Image:
    """Return the aligned face of one of the two documents."""
    try:
        with open_document(data, limits) as pages:
            placed, _, selected = _survey(pages, engine)
            return engine.align(placed[selected])
    except VisionError as error:
        error.role = role
        raise


def _survey(pages: Sequence[Page], engine: Engine) -> tuple[list[PlacedFace], tuple[FoundFace, ...], int]:
    """Find, score and select: all faces of all pages, largest first, and the index of the portrait.

    Raises
    ------
    NoFaceError

    """
    placed = [
        PlacedFace(page, face, found.quarters)
        for page in pages
        for found in (engine.find(page),)
        for face in found.faces
    ]
    if not placed:
        raise NoFaceError(f"no face on {len(pages)} page(s)")
    scores = [score(each.face.box, each.upright_size) for each in placed]
    order = sorted(range(len(placed)), key=lambda index: scores[index].size, reverse=True)
    placed, scores = [placed[index] for index in order], [scores[index] for index in order]
    passed = candidates([each.face for each in placed])
    selected = max((index for index, ok in enumerate(passed) if ok), key=lambda index: scores[index].combined)
    return placed, tuple(map(_found, placed, scores, passed)), selected


def _found(placed: PlacedFace, scores: Scores, candidate: bool) -> FoundFace:  # noqa: FBT001 - used by map
    return FoundFace(
        box=placed.page_box,
        page=placed.page.number,
        page_size=placed.page.size,
        detection_score=placed.face.score,
        scores=scores,
        rotation=placed.rotation,
        candidate=candidate,
    )
