"""``face_recognition`` itself (HOG and dlib, full-size images), to compare ours with: slow, blind to turned pages."""

from collections.abc import Sequence

import face_recognition
import face_recognition.api
import numpy as np

from worker.vision.detection.page_search import PageFaces
from worker.vision.documents import Page
from worker.vision.geometry import Box, Face, Image, Points
from worker.vision.models.runtime import Provider
from worker.vision.portrait import PlacedFace, cut_out
from worker.vision.recognition.calibration import Embedding
from worker.vision.recognition.dlib_encoder import DLIB

_SCORE = 1.0  # its locations carry no confidence


class FaceRecognitionEngine:
    """The engine of the service that this one replaces."""

    calibration = DLIB
    provider: Provider = "cpu"

    def find(self, pages: Sequence[Page], *, portrait_only: bool = False) -> list[PageFaces]:  # noqa: ARG002
        return [self._find(page) for page in pages]

    def _find(self, page: Page) -> PageFaces:
        width, height = page.size
        image = page.region(Box(0, 0, width, height))
        locations = face_recognition.face_locations(image)
        landmarks = face_recognition.face_landmarks(image, locations, model="large")
        faces = [
            Face(Box(left, top, right, bottom).clipped(width, height), _five_points(points), _SCORE)
            for (top, right, bottom, left), points in zip(locations, landmarks, strict=True)
        ]
        return PageFaces(faces, 0)

    def level(self, placed: PlacedFace) -> PlacedFace:
        return placed

    def align(self, placed: PlacedFace) -> Image:
        """Cut out three by three boxes, the face in the middle: the library aligns by itself."""
        box = placed.face.box
        return cut_out(
            placed, Box(box.left - box.width, box.top - box.height, box.right + box.width, box.bottom + box.height)
        )

    def embed(self, chips: Sequence[Image]) -> list[Embedding]:
        return [_encode(chip) for chip in chips]


def _encode(chip: Image) -> Embedding:
    height, width = chip.shape[0] // 3, chip.shape[1] // 3
    (embedding,) = face_recognition.face_encodings(chip, [(height, 2 * width, 2 * height, width)])
    return np.asarray(embedding, dtype=np.float32)


def _five_points(points: dict[str, list[tuple[int, int]]]) -> Points:
    """Reduce the 68 landmarks to the five of :class:`Face`."""
    middle = {name: np.mean(values, axis=0) for name, values in points.items()}
    lips = points["top_lip"]
    corners = min(lips), max(lips)
    return np.array([middle["left_eye"], middle["right_eye"], middle["nose_tip"], *corners], dtype=np.float32)
