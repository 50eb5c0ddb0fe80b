"""A glance gives the faces of the exact detector, which searches only a part of the picture."""

import cv2
import numpy as np
import pytest

from tests.support.compose import a4, card, crowd, jpeg
from tests.support.pages import page_of
from tests.support.photos import photo
from worker.vision.detection.cascade import CascadeDetector
from worker.vision.detection.centerface import CENTERFACE, CenterFaceDetector
from worker.vision.detection.detector import Detector, Proposal
from worker.vision.detection.page_search import search_page
from worker.vision.detection.yunet import YuNet
from worker.vision.geometry import Box, DetectedFace, Image
from worker.vision.models import weights
from worker.vision.models.runtime import OnnxSession


class RecordingDetector:
    """CenterFace, with the number of pixels of each picture that it has searched."""

    profile = CENTERFACE

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self.searched: list[int] = []

    def detect(self, image: Image) -> list[DetectedFace]:
        self.searched.append(image.shape[0] * image.shape[1])
        return self._detector.detect(image)

    def glance(self, image: Image) -> list[DetectedFace]:
        return self._detector.glance(image)


class FixedProposer:
    """Proposes the same boxes for every picture, with a sure score."""

    def __init__(self, *boxes: Box) -> None:
        self._boxes = boxes

    def propose(self, image: Image) -> list[Proposal]:  # noqa: ARG002
        return [Proposal(box, 0.95) for box in self._boxes]


@pytest.fixture(scope="module")
def centerface() -> CenterFaceDetector:
    return CenterFaceDetector(OnnxSession(weights.load().detector))


@pytest.fixture
def recorder(centerface: CenterFaceDetector) -> RecordingDetector:
    return RecordingDetector(centerface)


@pytest.fixture
def cascade(recorder: RecordingDetector) -> CascadeDetector:
    return CascadeDetector(YuNet(OnnxSession(weights.load().proposer)), recorder)


def reduced(picture: Image) -> Image:
    factor = 384 / max(picture.shape)
    return np.asarray(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)


def assert_same_face(face: DetectedFace, expected: DetectedFace) -> None:
    assert face.score == pytest.approx(expected.score, abs=0.1)
    assert face.box.iou(expected.box) > 0.9
    assert np.abs(face.landmarks - expected.landmarks).max() < 0.03 * expected.box.height


def assert_same_faces(faces: list[DetectedFace], expected: list[DetectedFace]) -> None:
    assert len(faces) == len(expected)
    assert [face.score for face in faces] == sorted((face.score for face in faces), reverse=True)
    for face in expected:
        assert_same_face(max(faces, key=lambda other: other.box.iou(face.box)), face)


@pytest.mark.parametrize("name", ["obama", "obama2", "obama3", "biden", "astronaut"])
def test_the_face_of_a_card_is_found_in_a_part_of_the_picture(
    name: str, cascade: CascadeDetector, recorder: RecordingDetector, centerface: CenterFaceDetector
) -> None:
    picture = reduced(card(name))
    assert_same_faces(cascade.glance(picture), centerface.detect(picture))
    (pixels,) = recorder.searched
    assert pixels < 0.6 * picture.shape[0] * picture.shape[1]


def test_a_proposal_that_the_exact_detector_rejects_is_no_face(recorder: RecordingDetector) -> None:
    cascade = CascadeDetector(FixedProposer(Box(300, 180, 340, 220)), recorder)
    assert cascade.glance(reduced(card())) == []
    assert len(recorder.searched) == 1


@pytest.mark.parametrize(
    "picture",
    [card(ghost=Box(680, 180, 900, 463), contrast=1.0), crowd(), photo("obama2")],
    ids=["two faces", "crowd", "a face that fills the picture"],
)
def test_several_faces_and_a_large_face_are_found_by_a_search_of_the_whole_picture(
    picture: Image, cascade: CascadeDetector, recorder: RecordingDetector, centerface: CenterFaceDetector
) -> None:
    picture = reduced(picture)
    found, expected = cascade.glance(picture), centerface.detect(picture)
    assert [(face.box, face.score) for face in found] == [(face.box, face.score) for face in expected] != []
    assert recorder.searched == [picture.shape[0] * picture.shape[1]]


@pytest.mark.parametrize(
    "picture",
    [np.rot90(reduced(card())), np.full((384, 272, 3), 230, np.uint8), card()],
    ids=["turned", "without a face", "large"],
)
def test_nothing_is_searched_at_a_glance_if_no_proposal_is_sure_or_the_picture_is_large(
    picture: Image, cascade: CascadeDetector, recorder: RecordingDetector
) -> None:
    assert cascade.glance(np.ascontiguousarray(picture)) == []
    assert recorder.searched == []


@pytest.mark.parametrize("quarters", range(4))
def test_a_card_in_any_orientation_is_found_without_a_search_of_the_whole_page(
    quarters: int, cascade: CascadeDetector, recorder: RecordingDetector, centerface: CenterFaceDetector
) -> None:
    page = page_of(jpeg(np.ascontiguousarray(np.rot90(card(), -quarters))))
    found, expected = search_page(page, cascade, 384), search_page(page, centerface, 384)
    assert found.quarters == expected.quarters == quarters
    assert_same_faces(found.faces, expected.faces)
    assert max(recorder.searched) < 0.6 * 384 * 242


def test_a_less_clear_face_is_verified_in_its_crop_alone(
    cascade: CascadeDetector, recorder: RecordingDetector, centerface: CenterFaceDetector
) -> None:
    page = page_of(jpeg(a4(card())))
    found, expected = search_page(page, cascade, 384), search_page(page, centerface, 384)
    assert expected.best_score < CENTERFACE.scores.clear
    assert [face.box.iou(expected.faces[0].box) > 0.8 for face in found.faces] == [True]
    assert recorder.searched[1:] == 4 * [128 * 128]
