"""Which faces can be the portrait at all; by size and position alone a well-placed security feature would win.

Five rules, one after the other, each relative to the faces that the rules before have left, so that a poor document
with one face is never refused:

1. **Not faint.** Its contrast is at least ``FAINT``, or no other face has twice as much. A ghost is printed faintly: of
   25 specimen portraits none has a contrast below 0.14, ghosts composed at 30 to 70% of their portrait's contrast have
   0.04 to 0.11. Contrast is relative to the face's mean luminance, so that a dark face is not taken for a faint one.
2. **Alone.** It is not one of a group: three or more faces of like size, each within three sides of the next. A crowd
   or a family in a picture on the page is not the holder; a portrait stands by itself.
3. **Whole.** It does not reach the page's edge, or no other face that does not has six tenths of its side. A person
   who is cut off by the picture's edge is usually not the one that it is about.
4. **Sure.** The detector is at least ``SURE`` times as sure of the face as of the surest. What is less sure is mostly
   no face.
5. **No stronger rival.** No other face with at least ``RIVAL`` of its side is stronger, in score, size and contrast
   together: ``log(p / (1 - p)) + 1.5 ln(side) + 1.5 ln(contrast)`` with the detection score p. A ghost as large as its
   portrait, with text across it, can pass the first rule, and a stamp or a reflection across the portrait can make its
   ghost the surer face; the ghost is seldom ahead in all three. A rival that is little stronger and another person by
   its embedding is none (:mod:`worker.vision.selection.portrait_selection`): between two people the score decides.

A rule that would leave no face at all is not applied.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from worker.vision.geometry import Box, Image
from worker.vision.portrait import PlacedFace, cut_out

FAINT = 0.12
SURE = 0.45
RIVAL = 0.8

_SIZE_WEIGHT = 1.5
_CONTRAST_WEIGHT = 1.5
"""Of 411 pairs of a portrait and its ghost on composed documents the portrait is the stronger in 406 with these
weights, in 401 without contrast, in 388 by the score alone; weights from 1 to 2 do as well (``python -m bench
selection``)."""
_LITTLE_STRONGER = 0.5
"""Rivals that are other people are often stronger by up to 0.7. Portraits are stronger by 1.2 and more than ghosts so
spoilt that their embedding is another person's; with 0.8 a ghost was chosen in one more of 1,155 composed documents."""
_TWICE = 2.0
_LEAST = 1e-3  # keeps logarithms finite
_EDGE = 0.002  # of the page's sides: a box that ends so near the edge reaches it
_COMPARABLE = 0.6  # of a cut-off face's side; a whole face smaller than that is no rival of it
_LIKE_SIZE = 1.6  # ratio of the sides of two faces up to which they are of like size
_NEAR = 3.0  # sides between the centres of two neighbours, at most
_GROUP = 3  # faces, each a neighbour of the next, that are a group

_SAMPLE = 64.0  # pixels of the face's side that its contrast is measured at: print raster and noise average out


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the gate goes by.

    Attributes
    ----------
    page, page_size
        Number of the page, and its (width, height) turned the right way up.
    box
        In the frame of the page turned the right way up.
    score
        The detector's confidence, 0..1.
    contrast
        Standard deviation over mean of the face's luminance (root mean square contrast), 0 for none.

    """

    page: int
    page_size: tuple[int, int]
    box: Box
    score: float
    contrast: float

    @property
    def side(self) -> float:
        return math.sqrt(self.box.area)

    @property
    def strength(self) -> float:
        """How much speaks for a portrait: log-odds of the score, with the logarithms of size and contrast."""
        odds = math.log(max(self.score, _LEAST) / max(1.0 - self.score, _LEAST))
        contrast = math.log(max(self.contrast, _LEAST))
        return odds + _SIZE_WEIGHT * math.log(max(self.side, 1.0)) + _CONTRAST_WEIGHT * contrast

    @property
    def whole(self) -> bool:
        width, height = self.page_size
        x, y = _EDGE * width, _EDGE * height
        return self.box.left > x and self.box.top > y and self.box.right < width - x and self.box.bottom < height - y


def candidate(placed: PlacedFace) -> Candidate:
    """Measure a face for the gate."""
    box = placed.face.box
    sample = cut_out(placed, box, scale=min(1.0, _SAMPLE / max(box.width, box.height)))
    return Candidate(placed.page.number, placed.upright_size, box, placed.face.score, rms_contrast(sample))


def rms_contrast(picture: Image) -> float:
    """Return the root mean square contrast of an RGB picture: the standard deviation of its luminance over the mean."""
    luminance = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float(luminance.std() / max(float(luminance.mean()), 1.0))


@dataclass(frozen=True, slots=True)
class Passed:
    """What the gate lets through.

    Attributes
    ----------
    candidates
        Whether each face can be the portrait; at least one can.
    eligible
        Whether it can, or could but for a rival that is little stronger. A rival that is another person is none.

    """

    candidates: list[bool]
    eligible: list[bool]


def passing(faces: Sequence[Candidate]) -> Passed:
    """Tell for each face of a document, all pages together, whether it can be the portrait."""
    sizes = _group_sizes(faces)

    def alone(index: int, left: set[int], faces: Sequence[Candidate]) -> bool:  # noqa: ARG001 - a group counts all faces
        return sizes[index] < _GROUP

    left = set(range(len(faces)))
    for rule in (_not_faint, alone, _whole, _sure):
        left = {index for index in left if rule(index, left, faces)} or left
    strongest = {index: _strongest_rival(index, left, faces) for index in left}
    eligible = {index for index in left if strongest[index] <= faces[index].strength + _LITTLE_STRONGER}
    left = {index for index in left if strongest[index] <= faces[index].strength} or left
    return Passed([index in left for index in range(len(faces))], [index in eligible for index in range(len(faces))])


def present(faces: Sequence[Candidate]) -> list[bool]:
    """Tell for each face whether it is a visible face: neither much fainter than another nor doubtful."""
    left = set(range(len(faces)))
    for rule in (_not_faint, _sure):
        left = {index for index in left if rule(index, left, faces)} or left
    return [index in left for index in range(len(faces))]


def _not_faint(index: int, left: set[int], faces: Sequence[Candidate]) -> bool:
    contrast = faces[index].contrast
    return contrast >= FAINT or max(faces[other].contrast for other in left) < _TWICE * contrast


def _whole(index: int, left: set[int], faces: Sequence[Candidate]) -> bool:
    face = faces[index]
    return face.whole or not any(faces[other].whole and faces[other].side >= _COMPARABLE * face.side for other in left)


def _group_sizes(faces: Sequence[Candidate]) -> list[int]:
    """Return of each face how many faces its group has: neighbours, their neighbours, and so on."""
    sizes, unvisited = [0] * len(faces), set(range(len(faces)))
    while unvisited:
        group, reached = set[int](), {unvisited.pop()}
        while reached:
            group |= reached
            reached = {
                other for other in unvisited if any(_neighbours(faces[member], faces[other]) for member in reached)
            }
            unvisited -= reached
        for member in group:
            sizes[member] = len(group)
    return sizes


def _sure(index: int, left: set[int], faces: Sequence[Candidate]) -> bool:
    return faces[index].score >= SURE * max(faces[other].score for other in left)


def _strongest_rival(index: int, left: set[int], faces: Sequence[Candidate]) -> float:
    """Return the strength of the strongest other face that is large enough to be a rival."""
    least = RIVAL * faces[index].side
    return max(
        (faces[other].strength for other in left if other != index and faces[other].side >= least), default=-math.inf
    )


def _neighbours(one: Candidate, other: Candidate) -> bool:
    if one.page != other.page:
        return False
    smaller, larger = sorted((one.side, other.side))
    (x1, y1), (x2, y2) = one.box.centre, other.box.centre
    return larger <= _LIKE_SIZE * smaller and math.hypot(x1 - x2, y1 - y2) <= _NEAR * larger
