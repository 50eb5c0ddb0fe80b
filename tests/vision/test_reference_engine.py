"""The reference engine, ``face_recognition``, has the same interface and gives comparable results."""

import pytest
from PIL import ImageFile

from tests.support.compose import card, jpeg, png
from tests.support.photos import photo
from worker.vision import Engine, NoFaceError, UnreadableImageError, compare_faces, extract_face, load_engine
from worker.vision.geometry import Box

pytestmark = pytest.mark.accuracy


@pytest.fixture(scope="module")
def reference() -> Engine:
    return load_engine("face_recognition")


def test_both_engines_find_the_same_portrait(engine: Engine, reference: Engine) -> None:
    data = jpeg(card())
    ours, theirs = (extract_face(data, engine=each) for each in (engine, reference))
    assert ours.faces[ours.selected].box.iou(theirs.faces[theirs.selected].box) > 0.4


def test_both_engines_reach_the_same_verdicts(engine: Engine, reference: Engine) -> None:
    for name, same in (("obama2", True), ("biden", False)):
        for each in (engine, reference):
            assert compare_faces(png(photo("obama")), jpeg(card(name)), engine=each).match is same


def test_it_finds_no_face_on_an_empty_card(reference: Engine) -> None:
    blank = card()
    blank[:] = 200
    with pytest.raises(NoFaceError):
        extract_face(png(blank), engine=reference)


def test_loading_it_does_not_make_truncated_pictures_readable(reference: Engine) -> None:
    ImageFile.LOAD_TRUNCATED_IMAGES = True  # importing face_recognition sets this
    data = jpeg(card())
    with pytest.raises(UnreadableImageError):
        extract_face(data[: len(data) // 2], engine=reference)


def test_its_boxes_are_inside_the_page(reference: Engine) -> None:
    result = extract_face(jpeg(card()), engine=reference)
    width, height = result.faces[0].page_size
    box = result.faces[0].box
    assert box == Box(max(0, box.left), max(0, box.top), min(width, box.right), min(height, box.bottom))
