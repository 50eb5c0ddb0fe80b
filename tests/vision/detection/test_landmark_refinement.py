"""A tilted face is detected again on a levelled crop, and is still the same person's face."""

import cv2
import numpy as np
import pytest

from tests.support.compose import head, png
from tests.support.pages import page_of
from tests.support.photos import Picture
from worker.vision.engine import load_engine
from worker.vision.geometry import DetectedFace
from worker.vision.page_face import PageFace

GREY = 200
FACE = (200, 256)


def two_people(name: str, angle: float, contrast: float, neighbour: str, gap: int) -> Picture:
    """Return a faint tilted face, and to its right a smaller and clearer upright face."""
    scene = np.full((600, 900, 3), GREY, np.uint8)
    width, height = FACE
    tilted = np.full((height + 120, width + 120, 3), GREY, np.uint8)
    tilted[60 : 60 + height, 60 : 60 + width] = cv2.resize(head(name), FACE)
    size = tilted.shape[1], tilted.shape[0]
    matrix = cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), angle, 1.0)
    turned = cv2.warpAffine(tilted, matrix, size, borderValue=(GREY, GREY, GREY)).astype(float)
    scene[100 : 100 + size[1], 100 : 100 + size[0]] = GREY + (turned - GREY) * contrast
    small = cv2.resize(head(neighbour), (int(0.8 * width), int(0.8 * height)))
    left = 160 + width + gap
    scene[220 : 220 + small.shape[0], left : left + small.shape[1]] = small
    return scene


def contains(face: DetectedFace, page_face: PageFace) -> bool:
    box = page_face.face.box
    return all(box.left < x < box.right and box.top < y < box.bottom for x, y in face.landmarks.tolist())


@pytest.mark.parametrize(
    ("name", "angle", "contrast", "neighbour"),
    [("biden", -15, 0.4, "obama"), ("biden", -25, 0.7, "obama"), ("astronaut", -25, 0.25, "biden")],
)
def test_a_tilted_face_does_not_get_the_landmarks_of_its_neighbour(
    name: str, angle: float, contrast: float, neighbour: str
) -> None:
    engine = load_engine()
    page = page_of(png(two_people(name, angle, contrast, neighbour, gap=-70)))
    (found,) = engine.find([page])
    page_faces = [PageFace(page, face, found.quarters, engine.profile.geometry) for face in found.faces]
    tilted = [page_face for page_face in page_faces if page_face.tilt != 0.0]
    assert tilted, "no face of this picture is tilted, so the test has no effect"
    for page_face in tilted:
        assert contains(engine.refine_landmarks(page_face).face, page_face)
