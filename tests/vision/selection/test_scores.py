"""The scores: strictly monotonic, independent of resolution and of other faces, from 0 to 100."""

import pytest
from hypothesis import assume, given, strategies as st

from worker.vision.geometry import Box
from worker.vision.selection.scores import position_score, score, size_score

fractions = st.floats(0.001, 0.999)
sides = st.integers(100, 8000)
sizes = st.tuples(sides, sides)
GAP = 1e-3  # of the page's side: smaller differences between two faces are not visible


def face(page: tuple[int, int], x: float, y: float, side: float) -> Box:
    """Return a face whose centre is at fractions (x, y) of the page, its sides this fraction of the page's."""
    width, height = page[0] * side, page[1] * side
    return Box(page[0] * x - width / 2, page[1] * y - height / 2, page[0] * x + width / 2, page[1] * y + height / 2)


@given(sizes, fractions, fractions)
def test_a_larger_face_scores_more(page: tuple[int, int], one: float, other: float) -> None:
    assume(one + GAP < other)
    assert size_score(face(page, 0.5, 0.5, one), page) < size_score(face(page, 0.5, 0.5, other), page)


@given(sizes, fractions, fractions, fractions, fractions)
def test_a_face_nearer_the_top_centre_scores_more(
    page: tuple[int, int], x1: float, y1: float, x2: float, y2: float
) -> None:
    near, far = sorted([(x1, y1), (x2, y2)], key=lambda at: (at[0] - 0.5) ** 2 + at[1] ** 2)
    distances = [((x - 0.5) ** 2 + y**2) ** 0.5 for x, y in (near, far)]
    assume(distances[0] + GAP < distances[1])
    assert position_score(face(page, *near, 0.1), page) > position_score(face(page, *far, 0.1), page)


@given(sizes, fractions, fractions, fractions, st.floats(0.1, 10))
def test_scores_do_not_depend_on_resolution(
    page: tuple[int, int], x: float, y: float, side: float, factor: float
) -> None:
    large = (page[0] * factor, page[1] * factor)
    box = face(page, x, y, side)
    assert score(box, page).combined == pytest.approx(score(box.scaled(factor), large).combined)  # type: ignore[arg-type]


@given(sizes, fractions, fractions, fractions)
def test_scores_are_from_0_to_100_and_combine_70_to_30(page: tuple[int, int], x: float, y: float, side: float) -> None:
    scores = score(face(page, x, y, side), page)
    assert 0 <= scores.size <= 100
    assert 0 <= scores.position <= 100
    assert scores.combined == pytest.approx(0.7 * scores.size + 0.3 * scores.position)


def test_size_and_position_reach_0_and_100() -> None:
    page = (600, 400)
    assert size_score(Box(0, 0, 600, 400), page) == 100
    assert size_score(Box(10, 10, 10, 10), page) == 0
    assert position_score(face(page, 0.5, 0.0, 0.1), page) == 100
    assert position_score(face(page, 0.0, 1.0, 0.1), page) == pytest.approx(0)


def test_a_single_face_does_not_score_100() -> None:
    assert score(face((1000, 630), 0.2, 0.5, 0.25), (1000, 630)).combined < 90
