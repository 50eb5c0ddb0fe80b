"""The rules that exclude faces: each rule, on measurements as the detector would give them."""

import pytest

from worker.vision.detection.centerface import CENTERFACE
from worker.vision.geometry import Box
from worker.vision.selection import candidate_filter
from worker.vision.selection.candidate_filter import FaceMeasurements, FilterResult, filter_candidates


def face(left: float, top: float, side: float = 100, *, score: float = 0.9, contrast: float = 0.3) -> FaceMeasurements:
    return FaceMeasurements(1, (1000, 1000), Box(left, top, left + side, top + side), score, contrast)


def result(*faces: FaceMeasurements) -> FilterResult:
    return filter_candidates(faces, CENTERFACE.candidates)


def candidates(*faces: FaceMeasurements) -> list[bool]:
    return result(*faces).candidates


def test_a_single_face_is_always_a_candidate() -> None:
    assert candidates(face(0, 0, score=0.5, contrast=0.01)) == [True]


def test_of_two_faint_faces_the_stronger_is_a_candidate() -> None:
    assert candidates(face(100, 100, contrast=0.06), face(500, 500, contrast=0.08)) == [False, True]


def test_of_two_faces_of_similar_size_the_one_with_the_higher_score_is_a_candidate() -> None:
    portrait, ghost = face(100, 300, score=0.92), face(500, 100, 95, score=0.85)
    assert candidates(portrait, ghost) == [True, False]
    assert candidates(ghost, portrait) == [False, True]


def test_a_larger_face_is_a_candidate_next_to_a_small_one_with_a_higher_score() -> None:
    assert candidates(face(100, 300, 200, score=0.7), face(500, 100, 100, score=0.92)) == [True, True]


def test_a_large_false_face_with_a_low_score_is_no_candidate() -> None:
    assert candidates(face(100, 300, 300, score=0.35), face(500, 100, 100, score=0.9)) == [False, True]


def test_a_damaged_portrait_is_a_candidate_next_to_a_ghost_with_a_higher_score_and_less_contrast() -> None:
    portrait, ghost = face(100, 300, score=0.8, contrast=0.35), face(500, 100, 95, score=0.88, contrast=0.2)
    assert candidates(portrait, ghost) == [True, False]


def test_a_faint_ghost_is_excluded_before_it_can_be_a_stronger_rival() -> None:
    assert candidates(face(100, 300, score=0.8), face(500, 100, score=0.9, contrast=0.05)) == [True, False]


def test_the_holder_is_a_candidate_next_to_a_row_of_faces_with_higher_scores() -> None:
    row = [face(100 + 150 * index, 700, score=0.95) for index in range(4)]
    assert candidates(face(100, 100, 110, score=0.8), *row) == [True, False, False, False, False]


def test_three_adjacent_faces_are_a_group_and_two_are_not() -> None:
    lone = face(700, 700, 60)
    row = [face(100 + 150 * index, 100) for index in range(3)]
    assert candidates(lone, *row[:2]) == [False, True, True]
    assert candidates(lone, *row) == [True, False, False, False]
    assert candidates(*row) == [True, True, True]


def test_a_face_at_the_edge_is_excluded_only_by_a_whole_face_of_comparable_size() -> None:
    cut = face(0, 400, 300)
    assert candidates(cut, face(500, 300, 200)) == [False, True]
    assert candidates(cut, face(500, 300, 100)) == [True, False]


def test_two_faces_are_similar_only_if_their_strength_is_similar() -> None:
    one, other = face(100, 300, 110, score=0.85), face(500, 100, 105, score=0.88)
    assert candidates(one, other) != [True, True]
    assert result(one, other).similar == [True, True]
    assert result(face(100, 300, score=0.9), face(500, 100, 95, score=0.7)).similar == [True, False]


def test_each_pair_of_faces_is_compared_at_most_once(monkeypatch: pytest.MonkeyPatch) -> None:
    grid = [face(20 + 110 * (index % 20), 20 + 110 * (index // 20)) for index in range(400)]
    compared, are_neighbours = [], candidate_filter._are_neighbours

    def counted(one: FaceMeasurements, other: FaceMeasurements) -> bool:
        compared.append((one, other))
        return are_neighbours(one, other)

    monkeypatch.setattr(candidate_filter, "_are_neighbours", counted)
    assert any(candidates(*grid))
    assert len(compared) <= len(grid) ** 2
