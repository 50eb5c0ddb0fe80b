"""A face that leans is looked at again, levelled, and is still the same person's face."""

import cv2
import numpy as np
import pytest

from tests.support.compose import head, png
from tests.support.pages import page_of
from tests.support.photos import Picture
from worker.vision.engine import CenterFaceEngine
from worker.vision.geometry import Face
from worker.vision.portrait import PlacedFace

GREY = 200
FACE = (200, 256)


def two_people(name: str, angle: float, contrast: float, neighbour: str, gap: int) -> Picture:
    """Return a faint face that leans, and to its right a smaller, clearer one that is upright."""
    scene = np.full((600, 900, 3), GREY, np.uint8)
    width, height = FACE
    leaning = np.full((height + 120, width + 120, 3), GREY, np.uint8)
    leaning[60 : 60 + height, 60 : 60 + width] = cv2.resize(head(name), FACE)
    size = leaning.shape[1], leaning.shape[0]
    matrix = cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), angle, 1.0)
    turned = cv2.warpAffine(leaning, matrix, size, borderValue=(GREY, GREY, GREY)).astype(float)
    scene[100 : 100 + size[1], 100 : 100 + size[0]] = GREY + (turned - GREY) * contrast
    small = cv2.resize(head(neighbour), (int(0.8 * width), int(0.8 * height)))
    left = 160 + width + gap
    scene[220 : 220 + small.shape[0], left : left + small.shape[1]] = small
    return scene


def contains(face: Face, placed: PlacedFace) -> bool:
    box = placed.face.box
    return all(box.left < x < box.right and box.top < y < box.bottom for x, y in face.landmarks.tolist())


@pytest.mark.parametrize(
    ("name", "angle", "contrast", "neighbour"),
    [("biden", -15, 0.4, "obama"), ("biden", -25, 0.7, "obama"), ("astronaut", -25, 0.25, "biden")],
)
def test_the_landmarks_of_a_leaning_face_are_not_its_neighbours(
    name: str, angle: float, contrast: float, neighbour: str
) -> None:
    engine = CenterFaceEngine()
    page = page_of(png(two_people(name, angle, contrast, neighbour, gap=-70)))
    (found,) = engine.find([page])
    leaning = [placed for face in found.faces if (placed := PlacedFace(page, face, found.quarters)).tilt != 0.0]
    assert leaning, "no face of this picture leans, so it tests nothing"
    for placed in leaning:
        assert contains(engine.level(placed).face, placed)
