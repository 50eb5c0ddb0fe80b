"""Rules that exclude faces that cannot be the portrait, such as ghost images and bystanders.

Without these rules, a security feature at a good position could win by size and position. The five rules are applied in
order. Each rule compares a face with the faces that the earlier rules kept; only the second rule counts all faces. A
rule that would exclude every face is skipped. A poor document with one face is therefore never refused.

1. **Not faint.** The contrast of the face is at least ``min_contrast``, or no other face has twice its contrast. A
   ghost image is printed faintly. Contrast is relative to the mean luminance of the face, so that a dark face does not
   count as faint.
2. **Not in a group.** The face does not belong to a group of three or more faces of similar size, each within three
   sides of the next. A crowd or a family in a picture on the page is not the holder; a portrait stands alone.
3. **Whole.** The face does not touch the edge of the page, or no other whole face has 0.6 times its side. A person who
   is cut off by the edge of a picture is usually not its subject.
4. **High score.** The detection score is at least ``min_relative_score`` times the highest score. Most detections with
   lower scores are not faces.
5. **No stronger rival.** No other face with at least ``MIN_RIVAL_SIZE`` times its side is stronger. The strength of a
   face is ``log(p / (1 - p)) + w ln(side) + v ln(contrast)``, with the detection score p and the weights w =
   ``size_weight`` and v = ``contrast_weight``. A ghost that is as large as its portrait, with text across it, can pass
   the first rule. A stamp or a reflection across the portrait can give its ghost the higher score. A ghost rarely
   exceeds its portrait in score, size and contrast together. If the rival is of similar strength and its embedding
   shows another person, it does not count (:mod:`worker.vision.selection.portrait_selection`): between two people the
   combined score decides.

The thresholds in lower case depend on the detector:
:class:`~worker.vision.detection.detector.CandidateThresholds`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from worker.vision.detection.detector import CandidateThresholds
from worker.vision.geometry import Box
from worker.vision.page_face import PageFace, cut_out
from worker.vision.quality import rms_contrast

MIN_RIVAL_SIZE = 0.8
"""Side of a rival, as a fraction of the side of the face."""

_CONTRAST_RATIO = 2.0  # of another face to a faint face; with less, the faint face is kept
_MIN_VALUE = 1e-3  # keeps logarithms finite
_EDGE = 0.002  # of the page's width and height: a box within this distance of the edge touches it
_COMPARABLE = 0.6  # minimum side of a whole face that excludes a cut-off one, as a fraction of the cut-off face's side
_SIMILAR_SIZE = 1.6  # maximum ratio of the sides of two faces of similar size
_NEIGHBOUR_DISTANCE = 3.0  # maximum distance between the centres of two neighbours, in sides of the larger face
_GROUP = 3  # minimum number of faces in a group

_SAMPLE = 64.0  # maximum side of the face at which contrast is measured, in pixels; averages out print raster and noise


@dataclass(frozen=True, slots=True)
class FaceMeasurements:
    """What the rules need to know about a face.

    Attributes
    ----------
    page, page_size
        Number of the page, and (width, height) of the upright page.
    box
        In the frame of the upright page.
    score
        Detection score, 0..1.
    contrast
        Root mean square contrast: standard deviation of the luminance divided by its mean. 0 for no contrast.

    """

    page: int
    page_size: tuple[int, int]
    box: Box
    score: float
    contrast: float

    @property
    def side(self) -> float:
        """Geometric mean of the box's width and height, in pixels."""
        return math.sqrt(self.box.area)

    @property
    def is_whole(self) -> bool:
        width, height = self.page_size
        x, y = _EDGE * width, _EDGE * height
        return self.box.left > x and self.box.top > y and self.box.right < width - x and self.box.bottom < height - y

    def strength(self, thresholds: CandidateThresholds) -> float:
        """Return the log-odds of the score plus the weighted logarithms of side and contrast."""
        odds = math.log(max(self.score, _MIN_VALUE) / max(1.0 - self.score, _MIN_VALUE))
        contrast = math.log(max(self.contrast, _MIN_VALUE))
        size = thresholds.size_weight * math.log(max(self.side, 1.0))
        return odds + size + thresholds.contrast_weight * contrast


def measure_face(page_face: PageFace) -> FaceMeasurements:
    """Measure a face for the rules."""
    box = page_face.face.box
    sample = cut_out(page_face, box, scale=min(1.0, _SAMPLE / max(box.width, box.height)))
    return FaceMeasurements(
        page_face.page.number, page_face.upright_size, box, page_face.face.score, rms_contrast(sample)
    )


@dataclass(frozen=True, slots=True)
class FilterResult:
    """The result of the rules.

    Attributes
    ----------
    candidates
        For each face, whether it can be the portrait; at least one can.
    similar
        For each face, whether it passes the first four rules and no rival is stronger by more than
        ``similar_strength``. Such a face is a candidate if its stronger rivals are other people.

    """

    candidates: list[bool]
    similar: list[bool]


def filter_candidates(faces: Sequence[FaceMeasurements], thresholds: CandidateThresholds) -> FilterResult:
    """Apply the five rules to the faces of a document, all pages together."""
    sizes = _group_sizes(faces)
    kept = _kept_if_not_faint(set(range(len(faces))), faces, thresholds)
    kept = {index for index in kept if sizes[index] < _GROUP} or kept
    kept = {index for index in kept if _is_whole(index, kept, faces)} or kept
    kept = _kept_if_high_score(kept, faces, thresholds)
    strengths = [face.strength(thresholds) for face in faces]
    rivals = {index: _strongest_rival(index, kept, faces, strengths) for index in kept}
    similar = {index for index in kept if rivals[index] <= strengths[index] + thresholds.similar_strength}
    kept = {index for index in kept if rivals[index] <= strengths[index]} or kept
    return FilterResult(
        [index in kept for index in range(len(faces))], [index in similar for index in range(len(faces))]
    )


def visible_faces(faces: Sequence[FaceMeasurements], thresholds: CandidateThresholds) -> list[bool]:
    """Return for each face whether it passes the rules of contrast and score."""
    kept = _kept_if_not_faint(set(range(len(faces))), faces, thresholds)
    kept = _kept_if_high_score(kept, faces, thresholds)
    return [index in kept for index in range(len(faces))]


def _kept_if_not_faint(kept: set[int], faces: Sequence[FaceMeasurements], thresholds: CandidateThresholds) -> set[int]:
    highest = max((faces[index].contrast for index in kept), default=0.0)
    return {
        index
        for index in kept
        if faces[index].contrast >= thresholds.min_contrast or highest < _CONTRAST_RATIO * faces[index].contrast
    } or kept


def _kept_if_high_score(kept: set[int], faces: Sequence[FaceMeasurements], thresholds: CandidateThresholds) -> set[int]:
    highest = max((faces[index].score for index in kept), default=0.0)
    return {index for index in kept if faces[index].score >= thresholds.min_relative_score * highest} or kept


def _is_whole(index: int, kept: set[int], faces: Sequence[FaceMeasurements]) -> bool:
    """Return whether a face is whole, or no other whole face is of comparable size."""
    face = faces[index]
    return face.is_whole or not any(
        faces[other].is_whole and faces[other].side >= _COMPARABLE * face.side for other in kept
    )


def _group_sizes(faces: Sequence[FaceMeasurements]) -> list[int]:
    """Return for each face the size of its group: its neighbours, their neighbours, and so on."""
    sizes, unvisited = [0] * len(faces), set(range(len(faces)))
    while unvisited:
        group, reached = set[int](), {unvisited.pop()}
        while reached:
            group |= reached
            reached = {
                other for other in unvisited if any(_are_neighbours(faces[member], faces[other]) for member in reached)
            }
            unvisited -= reached
        for member in group:
            sizes[member] = len(group)
    return sizes


def _strongest_rival(
    index: int, kept: set[int], faces: Sequence[FaceMeasurements], strengths: Sequence[float]
) -> float:
    """Return the strength of the strongest other face that is large enough to be a rival; minus infinity for none."""
    min_side = MIN_RIVAL_SIZE * faces[index].side
    return max(
        (strengths[other] for other in kept if other != index and faces[other].side >= min_side), default=-math.inf
    )


def _are_neighbours(one: FaceMeasurements, other: FaceMeasurements) -> bool:
    """Return whether two faces are on one page, of similar size and near each other."""
    if one.page != other.page:
        return False
    smaller, larger = sorted((one.side, other.side))
    (x1, y1), (x2, y2) = one.box.centre, other.box.centre
    return larger <= _SIMILAR_SIZE * smaller and math.hypot(x1 - x2, y1 - y2) <= _NEIGHBOUR_DISTANCE * larger
