"""Algorithms take every constant that depends on the detector from its profile."""

from dataclasses import fields, replace

import numpy as np
import pytest

from tests.conftest import Specimen
from tests.labelled.cards import portrait_left
from tests.labelled.documents import documents
from tests.support.compose import card, jpeg
from tests.support.pages import page_of
from tests.support.photos import photo
from worker.vision import Limits
from worker.vision.detection.cascade import CascadeDetector
from worker.vision.detection.centerface import CENTERFACE, CenterFaceDetector
from worker.vision.detection.detector import Detector, DetectorProfile
from worker.vision.detection.document_search import find_faces
from worker.vision.detection.landmark_refinement import refine_landmarks
from worker.vision.detection.page_search import PageDetections
from worker.vision.detection.yunet import YuNet
from worker.vision.documents import open_document
from worker.vision.geometry import DetectedFace, Image
from worker.vision.models import weights
from worker.vision.models.runtime import OnnxSession
from worker.vision.page_face import PageFace


class HalfScoreDetector:
    """A detector with another profile: its scores are half of CenterFace's. Halves of floats are exact."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        halved = {
            field.name: getattr(CENTERFACE.scores, field.name) / 2
            for field in fields(CENTERFACE.scores)
            if field.name != "clear_roll"
        }
        self.profile: DetectorProfile = replace(CENTERFACE, scores=replace(CENTERFACE.scores, **halved))

    def detect(self, image: Image) -> list[DetectedFace]:
        return self._halved(self._detector.detect(image))

    def glance(self, image: Image) -> list[DetectedFace]:
        return self._halved(self._detector.glance(image))

    @staticmethod
    def _halved(faces: list[DetectedFace]) -> list[DetectedFace]:
        return [replace(face, score=face.score / 2) for face in faces]


@pytest.fixture(scope="module")
def detector() -> Detector:
    files = weights.load()
    return CascadeDetector(YuNet(OnnxSession(files.proposer)), CenterFaceDetector(OnnxSession(files.detector)))


def found(data: bytes, detector: Detector, *, portrait_only: bool) -> list[PageDetections]:
    with open_document(data, Limits()) as document:
        return find_faces(document.pages, detector, portrait_only=portrait_only)


def assert_same_faces(data: bytes, detector: Detector, *, portrait_only: bool = False) -> None:
    half = HalfScoreDetector(detector)
    pairs = zip(
        found(data, detector, portrait_only=portrait_only), found(data, half, portrait_only=portrait_only), strict=True
    )
    for ours, theirs in pairs:
        assert theirs.quarters == ours.quarters
        assert theirs.contrast == ours.contrast
        assert [face.box for face in theirs.faces] == [face.box for face in ours.faces]
        assert [2 * face.score for face in theirs.faces] == [face.score for face in ours.faces]


PICTURES = {
    "clear": card(),
    "rotated": np.rot90(card()),
    "pale": (0.35 * card() + 0.65 * 200).astype(np.uint8),
    "empty": np.full((384, 300, 3), 200, np.uint8),
    "selfie": photo("obama"),
}


@pytest.mark.long
@pytest.mark.parametrize("portrait_only", [False, True])
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name == "empty" else name for name in PICTURES]
)
def test_a_detector_with_other_scores_needs_only_its_own_profile(
    name: str, detector: Detector, *, portrait_only: bool
) -> None:
    assert_same_faces(jpeg(np.ascontiguousarray(PICTURES[name])), detector, portrait_only=portrait_only)


@pytest.mark.accuracy
@pytest.mark.slow
def test_a_detector_with_other_scores_finds_the_same_faces_on_labelled_documents(detector: Detector) -> None:
    for document in documents():
        if document.kind != "faceless":  # a search that finds nothing takes a second; "empty" is such a page
            assert_same_faces(document.data, detector)


@pytest.mark.accuracy
@pytest.mark.slow
def test_a_detector_with_other_scores_finds_the_same_faces_on_specimens(
    real_specimens: list[Specimen], detector: Detector
) -> None:
    for specimen in real_specimens:
        assert_same_faces(specimen.path.read_bytes(), detector)


def test_landmarks_are_refined_by_the_thresholds_of_the_profile(detector: Detector) -> None:
    page = page_of(jpeg(portrait_left("obama3").tilted(12).picture))
    (on_page,) = find_faces([page], detector)
    page_face = PageFace(page, on_page.faces[0], on_page.quarters, CENTERFACE.geometry)
    assert page_face.tilt != 0.0
    ours, theirs = refine_landmarks(page_face, detector), refine_landmarks(page_face, HalfScoreDetector(detector))
    assert (ours.face.landmarks != page_face.face.landmarks).any()
    assert (theirs.face.landmarks == ours.face.landmarks).all()
