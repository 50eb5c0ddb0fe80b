"""Error rates by group, over all impostor pairs, with intervals over people, computed from arrays."""

import itertools

import numpy as np
import pytest

from bench.measures.bootstrap import resampled_weights
from bench.measures.error_rates import Rate
from bench.measures.groups import Group, largest_ratio, worst_group
from bench.measures.impostors import Histogram, ImpostorPairs
from bench.measures.people import all_distinct, count_people, merge_people
from bench.measures.rate_table import rate_table
from worker.vision.recognition.calibration import Metric

RANDOM = np.random.default_rng(3)
PEOPLE = np.repeat(np.arange(60), 2).astype(np.int32)
VECTORS = RANDOM.normal(size=(120, 8)).astype(np.float32)
GENUINE = np.arange(120).reshape(60, 2)


def raw_distances(metric: Metric) -> dict[tuple[int, int], float]:
    unit = VECTORS / np.linalg.norm(VECTORS, axis=1, keepdims=True)
    return {
        (one, other): float(
            1 - unit[one] @ unit[other] if metric == "cosine" else np.linalg.norm(VECTORS[one] - VECTORS[other])
        )
        for one, other in itertools.combinations(range(120), 2)
        if PEOPLE[one] != PEOPLE[other]
    }


@pytest.mark.parametrize(("metric", "threshold"), [("cosine", 0.3), ("euclidean", 1.7)])
def test_every_impostor_pair_is_counted_once(metric: Metric, threshold: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.measures.impostors._BLOCK", 120 * 7)  # several blocks
    expected = raw_distances(metric)
    impostors = ImpostorPairs(VECTORS, PEOPLE, metric)
    done: list[int] = []
    histogram = impostors.histogram(done.append)
    matching = sum(distance <= threshold for distance in expected.values())
    assert histogram.total == len(expected) == 120 * 119 // 2 - 60
    assert sum(done) == impostors.all_pairs
    assert histogram.rate_at(threshold) * histogram.total == pytest.approx(matching, abs=1)
    assert impostors.matches(threshold, np.ones((120, 1), np.float32))[0] == matching
    near = {tuple(pair) for block in impostors.nearer_than(threshold) for pair in block.tolist()}
    assert near == {pair for pair, distance in expected.items() if distance < threshold}


def test_resamples_weight_pairs_by_the_draws_of_both_people() -> None:
    weights = resampled_weights(PEOPLE, 5)
    assert (weights.reshape(60, 2, 5)[:, 0] == weights.reshape(60, 2, 5)[:, 1]).all()
    assert (weights[::2].sum(axis=0) == 60).all()
    impostors = ImpostorPairs(VECTORS, PEOPLE, "cosine")
    count, resampled = impostors.matches(0.4, weights)
    matching = [pair for pair, distance in raw_distances("cosine").items() if distance <= 0.4]
    assert count == len(matching)
    np.testing.assert_allclose(resampled, sum(weights[one] * weights[other] for one, other in matching))
    assert impostors.pairs(weights)[0] == 120 * 119 // 2 - 60
    everything = impostors.matches(3.0, weights)[1]
    np.testing.assert_allclose(impostors.pairs(weights)[1], everything)


def test_an_interval_over_people_is_wider_if_one_person_matches_everybody() -> None:
    vectors = VECTORS.copy()
    vectors[0] = VECTORS[1:].mean(axis=0) * 50
    rate = Group("few", vectors, PEOPLE, GENUINE, "cosine").errors(0.8).false_match
    low, high = Rate(rate.errors, rate.trials).interval
    assert rate.interval[0] < low
    assert rate.interval[1] > high


def test_false_non_matches_are_counted_over_labelled_pairs() -> None:
    vectors = VECTORS.copy()
    vectors[1::2] = vectors[::2]
    vectors[1] = -vectors[0]
    errors = Group("all", vectors, PEOPLE, GENUINE, "cosine").errors(0.5)
    assert (errors.false_non_match.errors, errors.false_non_match.trials) == (1, 60)
    assert errors.false_non_match.interval[0] < 1 / 60 < errors.false_non_match.interval[1]


def test_a_group_without_pairs_of_one_person_has_no_false_non_match_rate() -> None:
    group = Group("single", VECTORS[::2], PEOPLE[::2], np.empty((0, 2), np.int64), "cosine")
    assert group.errors(0.5).false_non_match.trials == 0


def test_pictures_in_a_chain_of_pairs_show_one_person() -> None:
    people = merge_people(all_distinct(5), np.array([[0, 1], [1, 2]]))
    assert people[0] == people[2] != people[3]
    assert count_people(people) == 3
    assert count_people(merge_people(people, np.array([[2, 4]]))) == 2
    assert count_people(merge_people(people, np.empty((0, 2), np.int64))) == 3


def test_the_worst_group_has_the_nearest_impostors() -> None:
    alike = VECTORS + 3
    groups = [Group(name, vectors, PEOPLE, GENUINE, "cosine") for name, vectors in (("a", VECTORS), ("b", alike))]
    assert worst_group(groups, 0.01).name == "b"


def histogram(distances: list[float], per_distance: int = 1) -> Histogram:
    bins = np.minimum((np.array(distances) * 10_000).round().astype(int), 20_000)
    return Histogram(np.bincount(bins, minlength=20_001).astype(np.int64) * per_distance)


def test_the_distance_at_a_rate_keeps_the_rate() -> None:
    measured = histogram([0.1, 0.2, 0.3, 0.4])
    assert measured.distance_at(0.25) == pytest.approx(0.2)
    assert measured.distance_at(0.26) == pytest.approx(0.2)
    assert measured.distance_at(0.5) == pytest.approx(0.3)
    assert histogram([0.0, 0.0, 0.5]).distance_at(0.1) == 0.0


def test_the_table_contains_only_rates_with_enough_pairs() -> None:
    few = histogram(np.linspace(0.2, 1.2, 2_000).tolist())
    table = rate_table(few, few, 0.05)
    assert [rate for _, rate in table.rates] == [0.01, 0.05, 0.1]
    assert table.distance_at(0.05) == pytest.approx(0.25, abs=0.001)
    assert table.distance_at(0.001) is None
    assert rate_table(histogram([0.5]), histogram([0.5]), 1e-3).rates == ()


def test_rates_with_too_few_pairs_follow_the_curve_of_all_people() -> None:
    all_people = histogram((np.linspace(0.001, 1, 20_000) ** 0.25).tolist(), 100)
    group = histogram((np.linspace(0.001, 1, 2_000) ** 0.25 * 0.9).tolist())
    table = rate_table(group, all_people, 1e-3)
    assert table.continued_below == 0.01
    assert table.factor > 1
    distances = {rate: distance for distance, rate in table.rates}
    assert all_people.rate_at(distances[1e-3]) * table.factor == pytest.approx(1e-3, rel=0.1)


def test_no_distance_is_zero_and_both_columns_increase() -> None:
    copies = histogram([0.0] * 50 + np.linspace(0.3, 1.0, 4_950).tolist())
    table = rate_table(copies, copies, 1e-3)
    distances = [distance for distance, _ in table.rates]
    assert distances[0] > 0
    assert distances == sorted(set(distances))
    assert table.distance_at(1e-3) is None


def test_the_largest_ratio_names_its_groups() -> None:
    ratio, description = largest_ratio({"a": Rate(20, 1000), "b": Rate(60, 1000), "c": Rate(30, 1000)})
    assert ratio == pytest.approx(3)
    assert "b to a" in description


def test_the_largest_ratio_is_a_lower_bound_if_a_group_has_no_errors() -> None:
    ratio, description = largest_ratio({"a": Rate(0, 100_000), "b": Rate(60, 1000)})
    assert ratio > 1000
    assert description.startswith("at least")
    # 20 pairs without an error are too few to prove a rate below 6 in 100.
    ratio, description = largest_ratio({"a": Rate(0, 20), "b": Rate(60, 1000), "c": Rate(30, 1000)})
    assert ratio == pytest.approx(2)
    assert description == "2.0 (b to c)"
    assert largest_ratio({"a": Rate(0, 20), "b": Rate(60, 1000)})[0] == 0.0
    assert largest_ratio({"a": Rate(0, 100), "b": Rate(0, 10)}) == (0.0, "no errors in any group")
