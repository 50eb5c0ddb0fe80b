"""The reference engine: ``face_recognition`` itself, with HOG and dlib on full-size images.

It exists for comparison with our engine. It is slow and does not find faces on turned pages.
"""

from collections.abc import Sequence
from dataclasses import replace

import face_recognition
import face_recognition.api
import numpy as np

from worker.vision.detection.centerface import CENTERFACE
from worker.vision.detection.page_search import PageDetections
from worker.vision.documents import Page
from worker.vision.geometry import Box, DetectedFace, Image, Points
from worker.vision.models.runtime import Provider
from worker.vision.page_face import PageFace, cut_out
from worker.vision.recognition.calibration import Embedding
from worker.vision.recognition.dlib_encoder import DLIB

_SCORE = 1.0  # the library gives no confidence

HOG = replace(CENTERFACE, name="dlib HOG")
"""CenterFace's constants. They were not calibrated for HOG."""


class FaceRecognitionEngine:
    """The engine of the service that this service replaces."""

    calibration = DLIB
    profile = HOG
    provider: Provider = "cpu"

    def find(self, pages: Sequence[Page], *, portrait_only: bool = False) -> list[PageDetections]:  # noqa: ARG002
        return [self._find(page) for page in pages]

    def _find(self, page: Page) -> PageDetections:
        width, height = page.size
        image = page.region(Box(0, 0, width, height))
        locations = face_recognition.face_locations(image)
        landmarks = face_recognition.face_landmarks(image, locations, model="large")
        faces = [
            DetectedFace(Box(left, top, right, bottom).clipped(width, height), _five_points(points), _SCORE)
            for (top, right, bottom, left), points in zip(locations, landmarks, strict=True)
        ]
        return PageDetections(faces, 0)

    def refine_landmarks(self, page_face: PageFace) -> PageFace:
        return page_face

    def align(self, page_face: PageFace) -> Image:
        """Cut out three by three boxes with the face in the middle. The library does the alignment."""
        box = page_face.face.box
        return cut_out(
            page_face, Box(box.left - box.width, box.top - box.height, box.right + box.width, box.bottom + box.height)
        )

    def embed(self, chips: Sequence[Image]) -> list[Embedding]:
        return [_encode(chip) for chip in chips]


def _encode(chip: Image) -> Embedding:
    height, width = chip.shape[0] // 3, chip.shape[1] // 3
    (embedding,) = face_recognition.face_encodings(chip, [(height, 2 * width, 2 * height, width)])
    return np.asarray(embedding, dtype=np.float32)


def _five_points(points: dict[str, list[tuple[int, int]]]) -> Points:
    """Reduce the 68 landmarks to the five of :class:`DetectedFace`."""
    middle = {name: np.mean(values, axis=0) for name, values in points.items()}
    lips = points["top_lip"]
    corners = min(lips), max(lips)
    return np.array([middle["left_eye"], middle["right_eye"], middle["nose_tip"], *corners], dtype=np.float32)
