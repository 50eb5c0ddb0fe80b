"""Documents made to mislead: ghosts, second portraits, stamps, crowds, small and poor faces."""

import cv2
import numpy as np
import pytest

from tests.compose import CARD, PORTRAIT, a4, card, crowd, head, jpeg, paste, png
from tests.labelled.cards import with_stamp, with_tinted_copy
from tests.labelled.effects import dithered
from worker.vision import Engine, extract_face, gate
from worker.vision.gate import Candidate, passing
from worker.vision.geometry import Box

PEOPLE = ["obama", "obama2", "biden", "astronaut"]
DOT = 200 / 25.4  # pixels of a millimetre at 200 dpi


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
def test_a_fax_like_bilevel_scan_is_read(name: str, engine: Engine) -> None:
    assert within(chosen(png(dithered(card(name))), engine), PORTRAIT)
    portrait = PORTRAIT.scaled(86 * DOT / CARD[0]).moved(60 * DOT, 110 * DOT)
    assert within(chosen(png(dithered(a4(card(name), dpi=200))), engine), portrait)


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize("quality", [5, 10])
def test_strong_jpeg_is_read(name: str, quality: int, engine: Engine) -> None:
    assert within(chosen(jpeg(card(name), quality=quality), engine), PORTRAIT)


@pytest.mark.parametrize("name", PEOPLE)
def test_a_dim_photo_with_glare_is_read(name: str, engine: Engine) -> None:
    y, x = np.mgrid[0 : CARD[1], 0 : CARD[0]]
    glare = 140 * np.exp(-(((x - 260) / 120) ** 2 + ((y - 300) / 90) ** 2))
    noise = np.random.default_rng(0).normal(0, 6, (CARD[1], CARD[0], 3))
    dim = np.clip(card(name) * 0.18 + glare[..., None] + noise, 0, 255).astype(np.uint8)
    assert within(chosen(jpeg(dim), engine), PORTRAIT)


@pytest.mark.parametrize("angle", [-30, -20, 20, 30, 70, 110, 200])
def test_a_card_turned_and_tilted_at_once_is_righted(angle: int, engine: Engine) -> None:
    matrix = cv2.getRotationMatrix2D((500, 315), angle, 0.7)
    turned = cv2.warpAffine(card("obama"), matrix, CARD, borderValue=(70, 70, 70))
    result = extract_face(jpeg(np.asarray(turned, np.uint8)), engine=engine)
    rotation = result.faces[result.selected].rotation
    assert (rotation - angle + 180) % 360 - 180 == pytest.approx(0, abs=6)


def seen(left: float, top: float, side: float = 100, *, score: float = 0.9, contrast: float = 0.3) -> Candidate:
    return Candidate(1, (1000, 1000), Box(left, top, left + side, top + side), score, contrast)


def test_one_face_always_passes_however_poor() -> None:
    assert passing([seen(0, 0, score=0.5, contrast=0.01)]).candidates == [True]


def test_of_two_faint_faces_the_stronger_passes() -> None:
    assert passing([seen(100, 100, contrast=0.06), seen(500, 500, contrast=0.08)]).candidates == [False, True]


def test_of_two_faces_of_like_size_the_surer_passes() -> None:
    portrait, ghost = seen(100, 300, score=0.92), seen(500, 100, 95, score=0.85)
    assert passing([portrait, ghost]).candidates == [True, False]
    assert passing([ghost, portrait]).candidates == [False, True]


def test_a_larger_face_passes_beside_a_surer_small_one() -> None:
    assert passing([seen(100, 300, 200, score=0.7), seen(500, 100, 100, score=0.92)]).candidates == [True, True]


def test_a_large_false_face_of_low_score_does_not_pass() -> None:
    assert passing([seen(100, 300, 300, score=0.35), seen(500, 100, 100, score=0.9)]).candidates == [False, True]


def test_a_spoilt_portrait_passes_beside_a_surer_ghost_of_less_contrast() -> None:
    assert passing(
        [seen(100, 300, score=0.8, contrast=0.35), seen(500, 100, 95, score=0.88, contrast=0.2)]
    ).candidates == [
        True,
        False,
    ]


def test_a_faint_ghost_is_out_before_it_can_be_the_surer_rival() -> None:
    assert passing([seen(100, 300, score=0.8), seen(500, 100, score=0.9, contrast=0.05)]).candidates == [True, False]


def test_the_holder_beside_a_row_of_surer_faces_passes() -> None:
    row = [seen(100 + 150 * index, 700, score=0.95) for index in range(4)]
    assert passing([seen(100, 100, 110, score=0.8), *row]).candidates == [True, False, False, False, False]


def test_two_faces_side_by_side_are_no_group_and_three_are() -> None:
    lone = seen(700, 700, 60)
    row = [seen(100 + 150 * index, 100) for index in range(3)]
    assert passing([lone, *row[:2]]).candidates == [False, True, True]
    assert passing([lone, *row]).candidates == [True, False, False, False]
    assert passing(row).candidates == [True, True, True]


def test_a_face_cut_off_by_the_edge_yields_to_a_whole_one_of_like_size_only() -> None:
    cut = seen(0, 400, 300)
    assert passing([cut, seen(500, 300, 200)]).candidates == [False, True]
    assert passing([cut, seen(500, 300, 100)]).candidates == [True, False]


def test_of_two_faces_of_like_strength_both_are_eligible_and_of_unlike_strength_one() -> None:
    one, other = seen(100, 300, 110, score=0.85), seen(500, 100, 105, score=0.88)
    assert passing([one, other]).candidates != [True, True]
    assert passing([one, other]).eligible == [True, True]
    assert passing([seen(100, 300, score=0.9), seen(500, 100, 95, score=0.7)]).eligible == [True, False]


def test_the_gate_compares_each_two_faces_once_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    grid = [seen(20 + 110 * (index % 20), 20 + 110 * (index // 20)) for index in range(400)]
    compared, neighbours = [], gate._neighbours

    def counted(one: Candidate, other: Candidate) -> bool:
        compared.append((one, other))
        return neighbours(one, other)

    monkeypatch.setattr(gate, "_neighbours", counted)
    assert any(passing(grid).candidates)
    assert len(compared) <= len(grid) ** 2


@pytest.mark.parametrize("upper", ["obama", "biden"])
def test_of_two_cards_of_two_people_the_larger_and_higher_wins(upper: str, engine: Engine) -> None:
    lower = "biden" if upper == "obama" else "obama"
    page = np.full((1800, 1300, 3), 245, np.uint8)
    paste(page, card(upper), Box(150, 60, 1150, 690))
    paste(page, card(lower), Box(150, 1000, 1050, 1567))
    result = extract_face(jpeg(page), engine=engine)
    assert result.faces[result.selected].box.centre[1] < 700
    assert result.several_people
