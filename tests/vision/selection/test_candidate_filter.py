"""Which faces can be the portrait: each rule of the gate, on faces as the detector would see them."""

import pytest

from worker.vision.geometry import Box
from worker.vision.selection import candidate_filter
from worker.vision.selection.candidate_filter import Candidate, passing


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
    compared, neighbours = [], candidate_filter._neighbours

    def counted(one: Candidate, other: Candidate) -> bool:
        compared.append((one, other))
        return neighbours(one, other)

    monkeypatch.setattr(candidate_filter, "_neighbours", counted)
    assert any(passing(grid).candidates)
    assert len(compared) <= len(grid) ** 2
