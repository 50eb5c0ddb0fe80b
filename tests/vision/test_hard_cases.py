"""Difficult documents: ghosts, second portraits, stamps, crowds, small and poor faces."""

import cv2
import numpy as np
import pytest

from tests.labelled.cards import with_stamp, with_tinted_copy
from tests.labelled.effects import dithered
from tests.support.compose import CARD, PORTRAIT, a4, card, crowd, head, jpeg, paste, png
from worker.vision import Engine, extract_face
from worker.vision.geometry import Box

pytestmark = pytest.mark.accuracy

PEOPLE = ["obama", "obama2", "biden", "astronaut"]
DOT = 200 / 25.4  # pixels per millimetre at 200 dpi


def chosen(data: bytes, engine: Engine) -> Box:
    result = extract_face(data, engine=engine)
    return result.faces[result.selected].box


def within(box: Box, portrait: Box) -> bool:
    x, y = box.centre
    return portrait.left < x < portrait.right and portrait.top < y < portrait.bottom


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize("contrast", [0.3, 0.5])
@pytest.mark.parametrize("corner", [(470, 5), (720, 250), (400, 290)])
def test_a_ghost_nearly_as_large_is_not_the_portrait(
    name: str, contrast: float, corner: tuple[int, int], engine: Engine
) -> None:
    width, height = 0.9 * PORTRAIT.width, 0.9 * PORTRAIT.height
    ghost = Box(corner[0], corner[1], corner[0] + width, corner[1] + height)
    assert within(chosen(jpeg(card(name, ghost=ghost, contrast=contrast)), engine), PORTRAIT)


@pytest.mark.parametrize("name", PEOPLE)
def test_a_ghost_on_a_blank_top_centre_is_not_the_portrait(name: str, engine: Engine) -> None:
    width, height = 0.9 * PORTRAIT.width, 0.9 * PORTRAIT.height
    document = card(name, ghost=Box(374, 3, 374 + width, 3 + height), printed=False)
    assert within(chosen(jpeg(document), engine), PORTRAIT)


@pytest.mark.parametrize("name", PEOPLE)
def test_a_small_tinted_second_portrait_is_not_the_portrait(name: str, engine: Engine) -> None:
    document = with_tinted_copy(name).picture
    assert within(chosen(jpeg(document), engine), PORTRAIT)


@pytest.mark.parametrize("name", PEOPLE)
def test_a_stamp_with_a_face_is_not_the_portrait(name: str, engine: Engine) -> None:
    stamped = "biden" if name != "biden" else "obama"
    document = with_stamp(name, stamped, Box(780, 30, 940, 235)).picture
    assert within(chosen(jpeg(document), engine), PORTRAIT)


@pytest.mark.parametrize("name", PEOPLE)
def test_a_face_in_a_crowd_on_the_page_is_not_the_portrait(name: str, engine: Engine) -> None:
    page = a4(card(name), dpi=200, at_mm=(20, 170))
    paste(page, crowd(), Box(200, 150, 1400, 870))
    factor = 86 * DOT / CARD[0]
    portrait = PORTRAIT.scaled(factor).moved(20 * DOT, 170 * DOT)
    assert within(chosen(jpeg(page), engine), portrait)


@pytest.mark.parametrize("name", PEOPLE)
def test_a_20_mm_portrait_on_a_150_dpi_scan_is_found(name: str, engine: Engine) -> None:
    page = np.full((1754, 1240, 3), 248, np.uint8)
    portrait = Box(700, 900, 818, 1052)
    paste(page, head(name), portrait)
    assert within(chosen(jpeg(page), engine), portrait)


@pytest.mark.parametrize("name", PEOPLE)
def test_a_bilevel_scan_of_a_fax_is_read(name: str, engine: Engine) -> None:
    assert within(chosen(png(dithered(card(name))), engine), PORTRAIT)
    portrait = PORTRAIT.scaled(86 * DOT / CARD[0]).moved(60 * DOT, 110 * DOT)
    assert within(chosen(png(dithered(a4(card(name), dpi=200))), engine), portrait)


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize("quality", [5, 10])
def test_a_strongly_compressed_jpeg_is_read(name: str, quality: int, engine: Engine) -> None:
    assert within(chosen(jpeg(card(name), quality=quality), engine), PORTRAIT)


@pytest.mark.parametrize("name", PEOPLE)
def test_a_dark_photograph_with_glare_is_read(name: str, engine: Engine) -> None:
    y, x = np.mgrid[0 : CARD[1], 0 : CARD[0]]
    glare = 140 * np.exp(-(((x - 260) / 120) ** 2 + ((y - 300) / 90) ** 2))
    noise = np.random.default_rng(0).normal(0, 6, (CARD[1], CARD[0], 3))
    dim = np.clip(card(name) * 0.18 + glare[..., None] + noise, 0, 255).astype(np.uint8)
    assert within(chosen(jpeg(dim), engine), PORTRAIT)


@pytest.mark.parametrize("angle", [-30, -20, 20, 30, 70, 110, 200])
def test_a_card_that_is_rotated_and_tilted_is_made_upright(angle: int, engine: Engine) -> None:
    matrix = cv2.getRotationMatrix2D((500, 315), angle, 0.7)
    turned = cv2.warpAffine(card("obama"), matrix, CARD, borderValue=(70, 70, 70))
    result = extract_face(jpeg(np.asarray(turned, np.uint8)), engine=engine)
    rotation = result.faces[result.selected].rotation
    assert (rotation - angle + 180) % 360 - 180 == pytest.approx(0, abs=6)


@pytest.mark.parametrize("upper", ["obama", "biden"])
def test_of_two_cards_of_two_people_the_larger_and_higher_wins(upper: str, engine: Engine) -> None:
    lower = "biden" if upper == "obama" else "obama"
    page = np.full((1800, 1300, 3), 245, np.uint8)
    paste(page, card(upper), Box(150, 60, 1150, 690))
    paste(page, card(lower), Box(150, 1000, 1050, 1567))
    result = extract_face(jpeg(page), engine=engine)
    assert result.faces[result.selected].box.centre[1] < 700
    assert result.several_people
