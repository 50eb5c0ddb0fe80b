"""Faces under ink and lines: what the filters remove, and the portraits that are found through them."""

import cv2
import numpy as np
import pytest

from tests.support.compose import PORTRAIT, blend, card, head, jpeg, pdf
from tests.support.photos import Picture
from worker.vision import Engine, Limits, extract_face
from worker.vision.detection.filtered_page import filtered_pages, without_grain, without_ink, without_light_lines
from worker.vision.documents import Page, open_document
from worker.vision.errors import TooComplexError
from worker.vision.geometry import Box

PEOPLE = ["obama", *(pytest.param(name, marks=pytest.mark.accuracy) for name in ("biden", "astronaut"))]
GHOST = Box(700, 300, 880, 530)


def ringed(page: Picture) -> Picture:
    """Return the card with rings of blue ink across its portrait, as of a stamp."""
    x, y = PORTRAIT.centre
    for radius in range(16, round(0.8 * PORTRAIT.height), 16):
        cv2.circle(page, (round(x), round(y)), radius, (40, 40, 170), 5, cv2.LINE_AA)
    return page


def selected(document: Picture, engine: Engine) -> Box:
    result = extract_face(jpeg(document), engine=engine)
    return result.faces[result.selected].box


@pytest.mark.long
@pytest.mark.parametrize("name", PEOPLE)
def test_a_portrait_under_rings_of_ink_is_found(name: str, engine: Engine) -> None:
    x, y = selected(ringed(card(name)), engine).centre
    assert PORTRAIT.left < x < PORTRAIT.right
    assert PORTRAIT.top < y < PORTRAIT.bottom


@pytest.mark.parametrize("name", PEOPLE)
def test_a_portrait_under_rings_of_ink_wins_over_its_clear_ghost(name: str, engine: Engine) -> None:
    box = selected(ringed(card(name, ghost=GHOST)), engine)
    assert box.iou(GHOST) == 0
    assert box.iou(PORTRAIT) > 0.2


@pytest.mark.accuracy
@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_hidden_portrait_wins_over_its_ghost_in_each_orientation_of_the_page(quarters: int, engine: Engine) -> None:
    turned = np.ascontiguousarray(np.rot90(ringed(card("biden", ghost=GHOST)), quarters))
    result = extract_face(jpeg(turned), engine=engine)
    face = result.faces[result.selected]
    assert face.rotation == pytest.approx(90 * quarters, abs=20)
    assert face.box.area > 1.5 * GHOST.area / 4


def test_a_portrait_hidden_on_one_page_wins_over_a_ghost_on_another(engine: Engine) -> None:
    back = np.full_like(card(), 220)
    blend(back, head("biden"), GHOST, 0.3)
    result = extract_face(pdf(ringed(card("biden")), back), engine=engine)
    assert result.faces[result.selected].page == 1


@pytest.mark.long
def test_pages_of_text_before_a_hidden_portrait_are_skipped(engine: Engine) -> None:
    result = extract_face(pdf("one", "two", "three", ringed(card("biden"))), engine=engine)
    assert result.faces[result.selected].page == 4


class FailingPage:
    """A page that can be read once: every preview after the first fails."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._previews = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._page, name)

    def preview(self, long_side: int) -> Picture:
        self._previews += 1
        if self._previews > 1:
            raise TooComplexError("not enough memory")
        return self._page.preview(long_side)


def test_found_faces_are_kept_if_a_page_cannot_be_searched_through_filters(engine: Engine) -> None:
    pale = (0.35 * card() + 0.65 * 200).astype(np.uint8)
    with open_document(jpeg(pale), Limits()) as document:
        (found,) = engine.find([FailingPage(document.pages[0])])  # type: ignore[list-item] # other attributes come from the page
    assert len(found.faces) == 1
    assert found.error is None


def test_a_page_without_a_face_carries_the_error_if_it_cannot_be_searched_through_filters(engine: Engine) -> None:
    with open_document(jpeg(np.full((384, 300, 3), 200, np.uint8)), Limits()) as document:
        (found,) = engine.find([FailingPage(document.pages[0])])  # type: ignore[list-item] # other attributes come from the page
    assert found.faces == []
    assert isinstance(found.error, TooComplexError)


def test_a_single_pale_portrait_is_selected(engine: Engine) -> None:
    pale = (0.35 * card() + 0.65 * 200).astype(np.uint8)
    x, y = selected(pale, engine).centre
    assert PORTRAIT.left < x < PORTRAIT.right
    assert PORTRAIT.top < y < PORTRAIT.bottom


def crossed(background: tuple[int, int, int], line: tuple[int, int, int]) -> Picture:
    picture = np.full((60, 60, 3), background, np.uint8)
    picture[::10] = line
    return picture


def test_coloured_ink_disappears_on_paper_that_is_as_light_as_the_ink_in_its_own_channel() -> None:
    assert (without_ink(crossed((200, 200, 200), (40, 40, 200))) == 200).all()


def test_bright_coloured_lines_disappear_on_a_picture_that_is_as_dark_as_their_darkest_channel() -> None:
    assert (without_light_lines(crossed((80, 80, 80), (255, 80, 190))) == 80).all()


def test_a_raster_of_dots_becomes_its_mean() -> None:
    dots = np.zeros((64, 64, 3), np.uint8)
    dots[::2, ::2] = dots[1::2, 1::2] = 255
    smooth = without_grain(dots)[16:-16, 16:-16]
    assert smooth.min() > 120
    assert smooth.max() < 136


def test_a_filtered_page_has_the_frame_of_the_page() -> None:
    with open_document(jpeg(card()), Limits()) as document:
        (page,) = document.pages
        for filtered in filtered_pages(page):
            assert (filtered.size, filtered.number) == (page.size, page.number)
            assert filtered.preview(384).shape == page.preview(384).shape
            assert filtered.region(PORTRAIT, 0.5).shape == page.region(PORTRAIT, 0.5).shape
