"""Error rates of labelled pairs."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from bench.measures import error_rates
from bench.measures.error_rates import Rate

DISTANCES = np.array([0.2, 0.4, 0.7, 0.5, 0.8, 0.9])
SAME = np.array([True, True, True, False, False, False])


def test_error_rates_are_counted_by_kind_of_pair() -> None:
    assert error_rates.false_match(DISTANCES, SAME, 0.6).errors == 1
    assert error_rates.false_non_match(DISTANCES, SAME, 0.6).errors == 1
    assert error_rates.accuracy(DISTANCES, SAME, 0.6) == pytest.approx(4 / 6)


def test_the_threshold_at_a_rate_keeps_the_rate() -> None:
    assert 0.4 < error_rates.threshold_at(DISTANCES, SAME, 0.0) < 0.5
    assert 0.5 < error_rates.threshold_at(DISTANCES, SAME, 0.34) < 0.8


@given(st.lists(st.tuples(st.floats(0, 2), st.booleans()), min_size=2, max_size=40))
def test_no_threshold_is_better_than_the_best_threshold(pairs: list[tuple[float, bool]]) -> None:
    distances, same = np.array([d for d, _ in pairs]), np.array([s for _, s in pairs])
    best = error_rates.accuracy(distances, same, error_rates.best_threshold(distances, same))
    for threshold in [-1.0, *distances]:
        assert error_rates.accuracy(distances, same, threshold) <= best + 1e-12


def test_each_fold_uses_the_threshold_of_the_other_folds() -> None:
    distances = np.array([0.1, 0.9, 0.2, 0.8, 0.5, 0.4])
    same = np.array([True, False, True, False, True, False])
    mean, _ = error_rates.ten_fold(distances, same, np.array([0, 0, 1, 1, 2, 2]))
    assert mean == pytest.approx((1 + 1 + 0.5) / 3, abs=0.34)
    assert mean < 1


def test_an_interval_contains_its_rate() -> None:
    low, high = Rate(3, 1000).interval
    assert low < 0.003 < high
    assert Rate(0, 100).interval[0] == 0


def test_an_interval_over_people_is_never_narrower_than_over_independent_pairs() -> None:
    exact = Rate(3, 1000).interval
    assert Rate(3, 1000, (0.0001, 0.02)).interval == (0.0001, 0.02)
    assert Rate(3, 1000, (0.0029, 0.0031)).interval == exact
    assert Rate(0, 1000, (0.0, 0.0)).interval[1] > 0.001
