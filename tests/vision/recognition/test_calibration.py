"""The meaning of distances: two metrics, the common scale, and the false match rate at each distance."""

import itertools

import numpy as np
import pytest
from hypothesis import given, strategies as st

from worker.vision.recognition.calibration import Calibration, UnmeasuredRateError
from worker.vision.recognition.dlib_encoder import DLIB
from worker.vision.recognition.sface import SFACE
from worker.vision.recognition.verdict import compare_embeddings

vectors = st.lists(st.floats(-1, 1), min_size=4, max_size=4).map(lambda values: np.array(values, np.float32))
raw_distances = st.floats(0, 2)
tables = st.lists(
    st.tuples(st.floats(0.01, 1.99), st.floats(1e-8, 1.0)), min_size=1, max_size=8, unique_by=lambda row: row[0]
).map(
    lambda rows: tuple(
        zip(
            sorted(raw for raw, _ in rows),
            np.geomspace(min(rate for _, rate in rows), 1.0, len(rows) + 1)[:-1].tolist(),
            strict=True,
        )
    )
)


def scaled(calibration: Calibration, raw: float) -> float:
    (distance,) = calibration.scaled(np.array([raw]))
    return float(distance)


@given(tables, raw_distances, raw_distances)
def test_the_scale_is_strictly_increasing(rates: tuple[tuple[float, float], ...], one: float, other: float) -> None:
    calibration = Calibration("cosine", rates)
    low, high = sorted((one, other))
    if high - low > 1e-9:
        assert scaled(calibration, low) < scaled(calibration, high)


@given(tables, raw_distances)
def test_the_scale_is_continuous(rates: tuple[tuple[float, float], ...], raw: float) -> None:
    calibration = Calibration("cosine", rates)
    points = [0.0, *(measured for measured, _ in rates), 2.0]
    steepest = 2.0 / min(after - before for before, after in itertools.pairwise(points))
    step = 1e-7
    assert abs(scaled(calibration, min(raw + step, 2.0)) - scaled(calibration, raw)) <= steepest * step + 1e-9


@given(tables)
def test_the_scale_starts_at_0_and_ends_at_2(rates: tuple[tuple[float, float], ...]) -> None:
    assert scaled(Calibration("cosine", rates), 0.0) == 0.0
    assert scaled(Calibration("cosine", rates), 2.0) == 2.0


@pytest.mark.parametrize(
    ("raw", "distance", "rate"),
    [(0.460, 0.4, 1e-5), (0.525, 0.5, 1e-4), (0.588, 0.6, 1e-3), (0.650, 0.7, 1e-2), (0.724, 0.8, 1e-1)],
)
def test_the_rate_is_ten_times_lower_for_each_tenth_of_distance(raw: float, distance: float, rate: float) -> None:
    assert scaled(SFACE, raw) == pytest.approx(distance)
    assert SFACE.false_match_rate(distance) == pytest.approx(rate)
    assert SFACE.threshold_at(rate) == pytest.approx(distance)


def test_an_unmeasured_rate_is_an_upper_bound_and_has_no_threshold() -> None:
    assert SFACE.false_match_rate(0.1) == 1e-5
    assert SFACE.false_match_rate(1.5) == 1.0
    for rate in (1e-6, 0.5):
        with pytest.raises(UnmeasuredRateError, match=r"from 1e-05 to 0\.1"):
            SFACE.threshold_at(rate)


UNSCALED = Calibration("euclidean", ((0.4, 1e-4), (0.6, 1e-2)), on_scale=False)


@pytest.mark.parametrize("calibration", [UNSCALED, SFACE])
@given(raw_distances, raw_distances)
def test_the_false_match_rate_does_not_decrease_with_distance(
    calibration: Calibration, one: float, other: float
) -> None:
    rates = [calibration.false_match_rate(distance) for distance in sorted((one, other))]
    assert rates[0] is not None
    assert rates[1] is not None
    assert 0 < rates[0] <= rates[1] <= 1


def test_dlib_keeps_its_own_distance_and_has_no_rates() -> None:
    assert scaled(DLIB, 0.4321) == 0.4321
    assert DLIB.false_match_rate(0.6) is None
    with pytest.raises(UnmeasuredRateError):
        DLIB.threshold_at(1e-3)


def test_the_logarithm_of_the_rate_is_interpolated() -> None:
    assert UNSCALED.false_match_rate(0.5) == pytest.approx(1e-3)
    assert UNSCALED.threshold_at(1e-3) == pytest.approx(0.5)


def test_an_encoder_without_measured_rates_has_no_rate() -> None:
    calibration = Calibration("euclidean", on_scale=False, threshold=1.0)
    assert compare_embeddings(np.zeros(4, np.float32), np.ones(4, np.float32), calibration).false_match_rate is None
    with pytest.raises(UnmeasuredRateError, match="at no rate"):
        calibration.threshold_at(1e-3)


@given(vectors, vectors, st.sampled_from(["euclidean", "cosine"]))
def test_distances_are_symmetric_and_0_for_equal_embeddings(one: np.ndarray, other: np.ndarray, metric: str) -> None:
    calibration = Calibration(metric, on_scale=False)  # type: ignore[arg-type]
    assert calibration.distance(one, other) == pytest.approx(calibration.distance(other, one), abs=1e-6)
    assert calibration.distance(one, one) == 0


@given(raw_distances, raw_distances)
def test_a_match_has_at_most_the_threshold_as_distance(distance: float, threshold: float) -> None:
    result = compare_embeddings(np.zeros(1, np.float32), np.array([distance], np.float32), DLIB, threshold)
    assert result.match == (result.distance <= threshold)
    assert result.confidence == max(0, (1 - result.distance) * 100)


@given(st.floats(0.55, 0.65), st.floats(0.55, 0.65))
def test_the_reported_distance_agrees_with_the_decision(distance: float, threshold: float) -> None:
    result = compare_embeddings(np.zeros(1, np.float32), np.array([distance], np.float32), DLIB, round(threshold, 3))
    assert result.match == (round(result.distance, 4) <= result.threshold)
