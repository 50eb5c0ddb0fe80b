"""Extraction of the holder's portrait from documents that are composed of real photographs."""

import io

import cv2
import numpy as np
import pytest
import skimage.data
from PIL import Image

from tests.support.compose import CARD, PORTRAIT, a4, card, head, jpeg, pdf, png
from tests.support.photos import Picture, photo
from worker.vision import Engine, Extraction, NoFaceError, compare_faces, extract_face
from worker.vision.geometry import Box, DetectedFace, turn_face


def selected_box(extraction: Extraction) -> Box:
    return extraction.faces[extraction.selected].box


def portrait(extraction: Extraction) -> Picture:
    return np.asarray(Image.open(io.BytesIO(extraction.portrait)), np.uint8)


def shows(extraction: Extraction, name: str, engine: Engine) -> bool:
    """Return whether the extracted portrait shows this person, by comparison with another photograph of the person."""
    other = {"obama": "obama2", "obama2": "obama"}.get(name, name)
    return compare_faces(extraction.portrait, png(photo(other)), engine=engine).match


@pytest.mark.parametrize("name", ["obama", "biden", "astronaut"])
def test_the_portrait_of_a_card_is_found_and_cut_out(name: str, engine: Engine) -> None:
    result = extract_face(jpeg(card(name)), engine=engine)
    box = selected_box(result)
    assert PORTRAIT.left < box.left < box.right < PORTRAIT.right
    assert PORTRAIT.top < box.top < box.bottom < PORTRAIT.bottom
    assert shows(result, name, engine)
    width, height = result.portrait_size
    assert portrait(result).shape == (height, width, 3)
    assert width / height == pytest.approx(35 / 45, abs=0.05)
    assert height > 1.6 * box.height


def test_a_faint_small_ghost_of_the_same_face_is_not_chosen(engine: Engine) -> None:
    ghost = Box(760, 330, 900, 510)
    result = extract_face(jpeg(card("obama", ghost=ghost)), engine=engine)
    assert selected_box(result).iou(PORTRAIT) > 0.2
    assert selected_box(result).iou(ghost) == 0


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_rotated_card_gives_the_same_upright_portrait(quarters: int, engine: Engine) -> None:
    upright = extract_face(png(card()), engine=engine)
    turned = extract_face(png(np.ascontiguousarray(np.rot90(card(), quarters))), engine=engine)
    assert turned.faces[turned.selected].rotation == 90 * quarters
    expected = turn_face(DetectedFace(selected_box(upright), np.zeros((5, 2), np.float32), 1.0), CARD, quarters).box
    assert selected_box(turned).iou(expected) > 0.8
    assert shows(turned, "obama", engine)
    small = [
        cv2.resize(portrait(each), (35, 45), interpolation=cv2.INTER_AREA).astype(int) for each in (upright, turned)
    ]
    assert np.abs(small[0] - small[1]).mean() < 12


@pytest.mark.parametrize("angle", [-25, -12, 12, 25])
def test_a_tilted_card_is_levelled(angle: int, engine: Engine) -> None:
    height, width = card().shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 0.8)
    tilted = cv2.warpAffine(card(), matrix, (width, height), borderValue=(90, 90, 90))
    result = extract_face(jpeg(np.asarray(tilted, np.uint8)), engine=engine)
    rotation = result.faces[result.selected].rotation
    assert (rotation - angle + 180) % 360 - 180 == pytest.approx(0, abs=8)
    again = extract_face(result.portrait, engine=engine)
    assert min(again.faces[0].rotation, 360 - again.faces[0].rotation) < 8


@pytest.mark.parametrize("dpi", [150, 300])
def test_a_card_on_an_a4_scan_is_found(dpi: int, engine: Engine) -> None:
    result = extract_face(jpeg(a4(card(), dpi=dpi)), engine=engine)
    assert shows(result, "obama", engine)


def test_the_portrait_is_selected_among_the_faces_of_all_pages(engine: Engine) -> None:
    result = extract_face(pdf("A covering letter.", "Terms and conditions.", a4(card(), dpi=200)), engine=engine)
    chosen = result.faces[result.selected]
    assert chosen.page == 3
    assert chosen.page_size == (1654, 2339)
    assert shows(result, "obama", engine)


def test_a_rotated_page_of_a_pdf_gives_an_upright_portrait(engine: Engine) -> None:
    result = extract_face(pdf(card(), rotation=90), engine=engine)
    assert result.faces[result.selected].rotation == 90 * 3
    assert shows(result, "obama", engine)


def test_page_pictures_are_optional_and_reduced_and_have_a_rotation(engine: Engine) -> None:
    turned = np.ascontiguousarray(np.rot90(card()))
    document = pdf("No picture here.", turned, rotation=0)
    assert extract_face(document, engine=engine).pages == ()
    first, second = extract_face(document, page_side=400, engine=engine).pages
    assert (first.number, second.number) == (1, 2)
    assert (first.rotation, second.rotation) == (0, 90)
    width, height = Image.open(io.BytesIO(first.picture)).size
    assert max(width, height) == 400
    assert width / height == pytest.approx(first.size[0] / first.size[1], abs=0.01)


def test_a_small_page_is_not_enlarged(engine: Engine) -> None:
    (page,) = extract_face(png(card()), page_side=5000, engine=engine).pages
    assert page.size == Image.open(io.BytesIO(page.picture)).size == (1000, 630)


def test_the_portrait_has_full_resolution(engine: Engine) -> None:
    large = np.asarray(cv2.resize(card("obama2"), (4000, 2520), interpolation=cv2.INTER_CUBIC), np.uint8)
    result = extract_face(jpeg(large), engine=engine)
    assert result.portrait_size[1] > 900
    assert selected_box(result).width > 500


def test_faces_are_ordered_by_size(engine: Engine) -> None:
    scene = card("obama")
    scene[300:480, 780:920] = cv2.resize(head("biden"), (140, 180), interpolation=cv2.INTER_AREA)
    result = extract_face(jpeg(scene), engine=engine)
    assert len(result.faces) == 2
    assert result.faces[0].scores.size > result.faces[1].scores.size
    assert result.selected == 0


@pytest.mark.long
@pytest.mark.parametrize(
    "name", ["page", *(pytest.param(name, marks=pytest.mark.accuracy) for name in ("chelsea", "coffee", "text"))]
)
def test_a_picture_without_a_person_has_no_face(name: str, engine: Engine) -> None:
    picture = getattr(skimage.data, name)()
    with pytest.raises(NoFaceError):
        extract_face(png(np.asarray(picture, np.uint8)), engine=engine)
