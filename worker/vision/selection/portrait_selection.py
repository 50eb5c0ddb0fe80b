"""All faces of a document, and which of them is the holder's portrait."""

from collections.abc import Sequence
from dataclasses import dataclass

from worker.vision.documents import Document
from worker.vision.engine import Engine
from worker.vision.geometry import Box
from worker.vision.portrait import PlacedFace
from worker.vision.selection.candidate_filter import Candidate, Passed, candidate, passing, present
from worker.vision.selection.scores import Scores, score
from worker.vision.stages import stage

_COMPARABLE = 0.6
"""Of the portrait's side. Another person whose face is so large may be the one that the picture is about."""

_MOST_EMBEDDED = 3  # other faces, the largest: this bounds the time


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
class Survey:
    """All faces of all pages, larger size score first, and the portrait among them.

    Attributes
    ----------
    placed, scores, passed
        The faces, how good a portrait each would be, and whether each passed the gate.
    selected
        Index of the portrait.
    several_people
        Whether another person's face is of comparable size.
    unreadable_pages
        Numbers of the pages that could not be looked at.

    """

    placed: list[PlacedFace]
    scores: list[Scores]
    passed: list[bool]
    selected: int
    several_people: bool
    unreadable_pages: tuple[int, ...] = ()

    @property
    def portrait(self) -> PlacedFace:
        """The holder's face."""
        return self.placed[self.selected]

    def faces(self) -> tuple[FoundFace, ...]:
        """Return every face as it is reported."""
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


def survey_document(document: Document, engine: Engine, *, portrait_only: bool = False) -> Survey:
    """Find, score and select.

    Parameters
    ----------
    document
        Open.
    engine
        Finds the faces.
    portrait_only
        Other faces may be left out, where that is faster.

    Raises
    ------
    NoFaceError
        No page shows a face; the document may have a reason of its own.
    VisionError
        No page shows a face, and this one could not be looked at.

    """
    pages = document.pages
    with stage("find"):
        found = engine.find(pages, portrait_only=portrait_only)
    errors = {page.number: of_page.error for page, of_page in zip(pages, found, strict=True) if of_page.error}
    placed = [
        PlacedFace(page, face, of_page.quarters)
        for page, of_page in zip(pages, found, strict=True)
        for face in of_page.faces
    ]
    if not placed:
        raise next(iter(errors.values()), None) or document.why_no_face()(f"no face on {len(pages)} page(s)")
    scored = [(score(each.face.box, each.upright_size), each) for each in placed]
    scored.sort(key=lambda pair: pair[0].size, reverse=True)
    scores, placed = [scores for scores, _ in scored], [each for _, each in scored]
    seen = [candidate(each) for each in placed] if len(placed) > 1 else []
    gate = passing(seen) if seen else Passed([True], [True])
    passed = list(gate.candidates)
    selected = _best(passed, scores)
    others = _other_people(placed, seen, selected, engine)
    if any(gate.eligible[index] for index in others):
        # A stronger rival keeps a ghost out. Another person is no ghost: the score decides between people.
        for index in others:
            passed[index] |= gate.eligible[index]
        selected = _best(passed, scores)
    with stage("level"):
        placed[selected] = engine.level(placed[selected])
    return Survey(placed, scores, passed, selected, bool(others), tuple(errors))


def _best(passed: Sequence[bool], scores: Sequence[Scores]) -> int:
    return max((index for index, ok in enumerate(passed) if ok), key=lambda index: scores[index].combined)


def _other_people(placed: Sequence[PlacedFace], seen: Sequence[Candidate], selected: int, engine: Engine) -> list[int]:
    """Return the faces of comparable size that are another person's, of the largest.

    Faces are embedded only if some are comparable; 25 ms each.
    """
    comparable = [
        index
        for index, shown in enumerate(present(seen))
        if shown and index != selected and seen[index].side >= _COMPARABLE * seen[selected].side
    ][:_MOST_EMBEDDED]
    if not comparable:
        return []
    with stage("align"):
        chips = [engine.align(placed[index]) for index in (selected, *comparable)]
    with stage("embed"):
        portrait, *others = engine.embed(chips)
    return [
        index
        for index, other in zip(comparable, others, strict=True)
        if engine.calibration.surely_different(portrait, other)
    ]
