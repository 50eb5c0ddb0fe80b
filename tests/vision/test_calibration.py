"""What a distance means: two metrics, and a false match rate at each distance."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

from worker.vision.calibration import DLIB, Calibration, rates_of
from worker.vision.comparison import compare

vectors = st.lists(st.floats(-1, 1), min_size=4, max_size=4).map(lambda values: np.array(values, np.float32))


@given(st.floats(0, 2), st.floats(0, 2))
def test_a_larger_distance_has_no_smaller_false_match_rate(one: float, other: float) -> None:
    rates = [DLIB.false_match_rate(distance) for distance in sorted((one, other))]
    assert rates[0] is not None
    assert rates[1] is not None
    assert 0 < rates[0] <= rates[1] <= 1


def test_measured_rates_come_back_and_between_them_their_logarithm_is_interpolated() -> None:
    for distance, rate in DLIB.rates:
        assert DLIB.false_match_rate(distance) == pytest.approx(rate)
    half = Calibration("euclidean", 0.6, ((0.4, 1e-4), (0.6, 1e-2))).false_match_rate(0.5)
    assert half == pytest.approx(1e-3)


def test_an_encoder_that_nobody_measured_has_no_rate() -> None:
    assert (
        compare(np.zeros(4, np.float32), np.ones(4, np.float32), Calibration("euclidean", 1.0)).false_match_rate is None
    )


@given(vectors, vectors, st.sampled_from(["euclidean", "cosine"]))
def test_distances_are_symmetric_and_0_to_oneself(one: np.ndarray, other: np.ndarray, metric: str) -> None:
    calibration = Calibration(metric, 0.5)  # type: ignore[arg-type]
    assert calibration.distance(one, other) == pytest.approx(calibration.distance(other, one), abs=1e-6)
    if np.linalg.norm(one) > 1e-3:
        assert calibration.distance(one, one) == pytest.approx(0, abs=1e-5)


@given(st.floats(0, 2), st.floats(0, 2))
def test_a_match_is_a_distance_at_most_the_threshold(distance: float, threshold: float) -> None:
    result = compare(np.zeros(1, np.float32), np.array([distance], np.float32), DLIB, threshold)
    assert result.match == (result.distance <= threshold)
    assert result.confidence == max(0, (1 - result.distance) * 100)


def test_rates_are_counted_from_pairs_of_different_people() -> None:
    rates = rates_of([0.5, 0.6, 0.7, 0.8], at=[0.4, 0.55, 0.6, 0.9, 1.0])
    assert rates == ((0.55, 0.25), (0.6, 0.5), (0.9, 1.0))
    assert all(math.isfinite(rate) for _, rate in rates)
