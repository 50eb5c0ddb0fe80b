"""The interfaces of face detectors, and the profile of constants that were calibrated for it."""

from dataclasses import dataclass
from typing import Protocol

from worker.vision.geometry import Box, DetectedFace, Image
from worker.vision.page_face import FaceGeometry


@dataclass(frozen=True, slots=True)
class CropSize:
    """The size of a square crop around a face.

    Attributes
    ----------
    side
        Side of the square that the detector receives, in pixels.
    context
        Side of the square on the page, in longer sides of the face's box.

    """

    side: int
    context: float


@dataclass(frozen=True, slots=True)
class SearchSizes:
    """Input sizes of the detector. Sizes of pages are the length of the longer side, in pixels.

    Attributes
    ----------
    dominant
        Size at which a face that fills a large part of the page is found.
    page
        Size of the first search of a page.
    closer, closest
        Sizes of the second and third search. Each follows only if the search before it finds no face.
    crop
        Crop around one face.
    more_crops
        Three further crops of a face for which the first crop leaves doubt.

    """

    dominant: int
    page: int
    closer: int
    closest: int
    crop: CropSize
    more_crops: tuple[CropSize, CropSize, CropSize]


@dataclass(frozen=True, slots=True)
class ScoreThresholds:
    """Minimum scores of a face, 0..1, in each situation.

    Attributes
    ----------
    face
        On the page in its stored orientation, and in the crop of a face whose landmarks are refined.
    clear, clear_roll
        On the page. If the roll of the face is also at most ``clear_roll`` degrees in the stored orientation, the page
        is upright, and no further checks follow.
    turned
        On the page in the orientation that a crop suggests, or in another orientation than the stored one.
    crop_clear, crop_margin
        In the crop. If the face is not clear on the page, its score must also exceed the scores in the other
        orientations by ``crop_margin``.
    verified
        Mean of the best three of four crops, for a face that is not clear.
    dominant
        At size ``SearchSizes.dominant``, if the face also covers ``DetectorProfile.dominant_share`` of the page.
    occluded
        Through a filter, on a page whose other faces have low contrast.

    """

    face: float
    clear: float
    clear_roll: float
    turned: float
    crop_clear: float
    crop_margin: float
    verified: float
    dominant: float
    occluded: float


@dataclass(frozen=True, slots=True)
class CandidateThresholds:
    """Constants of the rules that exclude faces that cannot be the portrait; see ``selection.candidate_filter``.

    Attributes
    ----------
    min_contrast
        Root mean square contrast of the box below which a face is faint.
    min_relative_score
        Minimum score, as a fraction of the highest score in the document.
    size_weight, contrast_weight
        Weights of ``ln(side)`` and ``ln(contrast)`` in the strength of a face. The log-odds of the score have weight 1.
    similar_strength
        Difference in strength up to which two faces are of similar strength.

    """

    min_contrast: float
    min_relative_score: float
    size_weight: float
    contrast_weight: float
    similar_strength: float


@dataclass(frozen=True, slots=True)
class DetectorProfile:
    """Everything that depends on which detector is used. Another detector needs its own measured profile.

    Attributes
    ----------
    name
        Name of the detector.
    scores, sizes, candidates, geometry
        Score thresholds, input sizes, rules for candidates, and the geometry of boxes and landmarks.
    dominant_share
        Minimum side of a dominant face, as a fraction of the page's side.
    ghost_contrast
        Root mean square contrast of the box below which a face has low contrast: it may be a ghost image.
    same_face_iou
        Intersection over union from which two boxes of different detection passes are the same face.

    """

    name: str
    scores: ScoreThresholds
    sizes: SearchSizes
    candidates: CandidateThresholds
    geometry: FaceGeometry
    dominant_share: float
    ghost_contrast: float
    same_face_iou: float


class Detector(Protocol):
    """Finds upright faces in a picture."""

    @property
    def profile(self) -> DetectorProfile:
        """The constants that were calibrated for this detector."""
        ...

    def detect(self, image: Image) -> list[DetectedFace]:
        """Find the faces in a picture, at the size of the picture.

        Parameters
        ----------
        image
            uint8 ``(height, width, 3)``, RGB.

        Returns
        -------
        list[DetectedFace]
            In the frame of the picture, with boxes clipped to it, highest score first.

        """
        ...

    def glance(self, image: Image) -> list[DetectedFace]:
        """Find the faces in a picture in less time, if at least one of them is obvious.

        Returns
        -------
        list[DetectedFace]
            As ``detect`` does, but faint faces may be missing; empty if the picture leaves doubt.

        """
        ...


@dataclass(frozen=True, slots=True)
class Proposal:
    """A place where a picture may show a face.

    Attributes
    ----------
    box
        In pixels of the picture. It may exceed the picture, and does not need to enclose the same part of a face as a
        detector's boxes.
    score
        Confidence, 0..1.

    """

    box: Box
    score: float


class Proposer(Protocol):
    """Finds quickly where a picture may show upright faces."""

    def propose(self, image: Image) -> list[Proposal]:
        """Return the places where a uint8 RGB picture may show faces, highest score first."""
        ...
