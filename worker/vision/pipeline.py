"""The engine: a detector and an encoder behind one interface."""

from collections.abc import Sequence
from typing import Protocol

from worker.vision.detection.detector import Detector, DetectorProfile
from worker.vision.detection.document_search import find_faces
from worker.vision.detection.landmark_refinement import refine_landmarks
from worker.vision.detection.page_search import PageDetections
from worker.vision.documents import Page
from worker.vision.geometry import Image
from worker.vision.models.runtime import Provider
from worker.vision.page_face import PageFace
from worker.vision.recognition.calibration import Embedding
from worker.vision.recognition.encoder import Encoder


class Engine(Encoder, Protocol):
    """Finds the faces of a document, and embeds faces that it found."""

    @property
    def profile(self) -> DetectorProfile:
        """The constants that were calibrated for its detector."""
        ...

    @property
    def provider(self) -> Provider:
        """Where the networks run: the CPU if the requested provider is not available."""
        ...

    def find(self, pages: Sequence[Page], *, portrait_only: bool = False) -> list[PageDetections]:
        """Find the faces of each page of a document, in the orientation in which the page is upright.

        With ``portrait_only``, faces other than the portrait may be omitted, if that is faster.
        """
        ...

    def refine_landmarks(self, page_face: PageFace) -> PageFace:
        """Return the face with its roll measured as exactly as this engine can."""
        ...


class PipelineEngine:
    """An engine of one detector and one encoder.

    Parameters
    ----------
    detector
        Finds faces; its profile has the sizes and thresholds of the search and the selection.
    encoder
        Aligns and embeds faces.
    provider
        Where the networks run.

    """

    def __init__(self, detector: Detector, encoder: Encoder, provider: Provider = "cpu") -> None:
        self._detector = detector
        self._encoder = encoder
        self.profile = detector.profile
        self.calibration = encoder.calibration
        self.provider: Provider = provider

    def find(self, pages: Sequence[Page], *, portrait_only: bool = False) -> list[PageDetections]:
        return find_faces(pages, self._detector, portrait_only=portrait_only)

    def refine_landmarks(self, page_face: PageFace) -> PageFace:
        return refine_landmarks(page_face, self._detector)

    def align(self, page_face: PageFace) -> Image:
        return self._encoder.align(page_face)

    def embed(self, chips: Sequence[Image]) -> list[Embedding]:
        return self._encoder.embed(chips)
