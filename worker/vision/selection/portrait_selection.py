"""The faces of a document, and the one that is the holder's portrait."""

from collections.abc import Sequence
from dataclasses import dataclass

from worker.vision.documents import Document
from worker.vision.geometry import Box
from worker.vision.page_face import PageFace
from worker.vision.pipeline import Engine
from worker.vision.selection.candidate_filter import (
    FaceMeasurements,
    FilterResult,
    filter_candidates,
    measure_face,
    visible_faces,
)
from worker.vision.selection.scores import Scores, score
from worker.vision.stages import stage

_COMPARABLE = 0.6
"""Minimum side of another person's face, as a fraction of the portrait's side, at which that person may be the subject
of the picture."""

_MAX_EMBEDDED = 3  # other faces that are embedded, the largest ones; limits the time


@dataclass(frozen=True, slots=True)
class DocumentFace:
    """One face of a document, as it is reported.

    Attributes
    ----------
    box
        In pixels of the page at full resolution, oriented by the page's metadata.
    page, page_size
        Number of the page, from 1, and its (width, height) in pixels.
    detection_score
        Confidence of the detector, 0..1.
    scores
        Size, position and combined score.
    rotation
        Counter-clockwise rotation of the face on its page, in degrees, 0..360. The portrait undoes it.
    candidate
        Whether the face can be the portrait: it passes the rules that exclude ghost images.

    """

    box: Box
    page: int
    page_size: tuple[int, int]
    detection_score: float
    scores: Scores
    rotation: float
    candidate: bool


@dataclass(frozen=True, slots=True)
class PortraitSelection:
    """All faces of all pages, ordered by size score from high to low, and the selected portrait.

    Attributes
    ----------
    page_faces, scores, candidates
        The faces, their scores, and for each whether it can be the portrait.
    selected
        Index of the portrait.
    several_people
        Whether another person's face is of comparable size.
    unreadable_pages
        Numbers of the pages that cannot be read.

    """

    page_faces: list[PageFace]
    scores: list[Scores]
    candidates: list[bool]
    selected: int
    several_people: bool
    unreadable_pages: tuple[int, ...] = ()

    @property
    def portrait(self) -> PageFace:
        """The holder's face."""
        return self.page_faces[self.selected]

    def faces(self) -> tuple[DocumentFace, ...]:
        """Return every face as it is reported."""
        return tuple(
            DocumentFace(
                box=page_face.page_box,
                page=page_face.page.number,
                page_size=page_face.page.size,
                detection_score=page_face.face.score,
                scores=scores,
                rotation=page_face.rotation,
                candidate=candidate,
            )
            for page_face, scores, candidate in zip(self.page_faces, self.scores, self.candidates, strict=True)
        )


def select_portrait(document: Document, engine: Engine, *, portrait_only: bool = False) -> PortraitSelection:
    """Find the faces of a document, score them, and select the portrait.

    Parameters
    ----------
    document
        An open document.
    engine
        Finds and embeds the faces.
    portrait_only
        Whether faces other than the portrait may be omitted, if that is faster.

    Raises
    ------
    NoFaceError
        No page shows a face. A subclass gives a reason that the document may have.
    VisionError
        No page shows a face, and a page cannot be read.

    """
    pages = document.pages
    with stage("find"):
        found = engine.find(pages, portrait_only=portrait_only)
    errors = {page.number: on_page.error for page, on_page in zip(pages, found, strict=True) if on_page.error}
    page_faces = [
        PageFace(page, face, on_page.quarters, engine.profile.geometry)
        for page, on_page in zip(pages, found, strict=True)
        for face in on_page.faces
    ]
    if not page_faces:
        raise next(iter(errors.values()), None) or document.no_face_error()(f"no face on {len(pages)} page(s)")
    scored = [(score(each.face.box, each.upright_size), each) for each in page_faces]
    scored.sort(key=lambda pair: pair[0].size, reverse=True)
    scores, page_faces = [scores for scores, _ in scored], [each for _, each in scored]
    measured = [measure_face(each) for each in page_faces] if len(page_faces) > 1 else []
    filtered = filter_candidates(measured, engine.profile.candidates) if measured else FilterResult([True], [True])
    candidates = list(filtered.candidates)
    selected = _best(candidates, scores)
    others = _other_people(page_faces, measured, selected, engine)
    if any(filtered.similar[index] for index in others):
        # The rule of the strongest rival excludes ghosts. Another person is not a ghost: between people, the combined
        # score decides.
        for index in others:
            candidates[index] |= filtered.similar[index]
        selected = _best(candidates, scores)
    with stage("level"):
        page_faces[selected] = engine.refine_landmarks(page_faces[selected])
    return PortraitSelection(page_faces, scores, candidates, selected, bool(others), tuple(errors))


def _best(candidates: Sequence[bool], scores: Sequence[Scores]) -> int:
    return max((index for index, ok in enumerate(candidates) if ok), key=lambda index: scores[index].combined)


def _other_people(
    page_faces: Sequence[PageFace], measured: Sequence[FaceMeasurements], selected: int, engine: Engine
) -> list[int]:
    """Return the indices of other people's faces of comparable size, among the largest faces.

    An embedding takes 9 ms, so faces are embedded only if one is of comparable size.
    """
    comparable = [
        index
        for index, visible in enumerate(visible_faces(measured, engine.profile.candidates))
        if visible and index != selected and measured[index].side >= _COMPARABLE * measured[selected].side
    ][:_MAX_EMBEDDED]
    if not comparable:
        return []
    with stage("align"):
        chips = [engine.align(page_faces[index]) for index in (selected, *comparable)]
    with stage("embed"):
        portrait, *others = engine.embed(chips)
    return [
        index
        for index, other in zip(comparable, others, strict=True)
        if engine.calibration.surely_different(portrait, other)
    ]
