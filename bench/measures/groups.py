"""Error rates of a group of people, with intervals over people."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bench.measures.bootstrap import rate_of, resampled_weights
from bench.measures.error_rates import Rate
from bench.measures.impostors import Histogram, ImpostorPairs, OnProgress, Vectors, no_progress
from bench.measures.people import IndexPairs, People, count_people
from worker.vision.recognition.calibration import Metric

ENOUGH_PEOPLE = 100
"""With fewer people, a rate of 1 in 1,000 depends on fewer than five pairs."""


@dataclass(frozen=True)
class Errors:
    """Both error rates at one threshold."""

    false_match: Rate
    false_non_match: Rate


class Group:
    """A group of people: their pictures, and the labelled pairs of one person among them.

    Parameters
    ----------
    name
        Name in reports.
    vectors
        Embeddings of the pictures, float32 ``(n, d)``.
    people
        Person of each picture, ``(n,)``.
    genuine
        Pairs of pictures that are labelled as the same person, ``(m, 2)``.
    metric
        Metric of the embeddings.

    """

    def __init__(self, name: str, vectors: Vectors, people: People, genuine: IndexPairs, metric: Metric) -> None:
        self.name = name
        self.pictures = len(people)
        self.people = count_people(people)
        self.impostors = ImpostorPairs(vectors, people, metric)
        self._person = people
        self._genuine = genuine
        self._distances = _between(vectors[genuine[:, 0]], vectors[genuine[:, 1]], metric)
        self._histogram: Histogram | None = None

    @property
    def large_enough(self) -> bool:
        """Whether the group has enough people for a statement."""
        return self.people >= ENOUGH_PEOPLE

    def histogram(self, on_progress: OnProgress = no_progress) -> Histogram:
        """Return the number of impostor pairs by distance. The result is cached."""
        if self._histogram is None:
            self._histogram = self.impostors.histogram(on_progress)
        return self._histogram

    def errors(self, threshold: float, on_progress: OnProgress = no_progress) -> Errors:
        """Measure both error rates at a raw threshold."""
        count, resampled = self.impostors.matches(threshold, self._weights, on_progress)
        pairs, resampled_pairs = self.impostors.pairs(self._weights)
        with np.errstate(invalid="ignore", divide="ignore"):
            false_match = rate_of(count, pairs, resampled / resampled_pairs)
        return Errors(false_match, self._false_non_match(threshold))

    def _false_non_match(self, threshold: float) -> Rate:
        missed = (self._distances > threshold).astype(np.float32)
        weights = self._weights[self._genuine[:, 0]]
        with np.errstate(invalid="ignore", divide="ignore"):
            resampled = (missed @ weights) / weights.sum(axis=0)
        return rate_of(int(missed.sum()), len(missed), resampled.astype(np.float64))

    @cached_property
    def _weights(self) -> NDArray[np.float32]:
        return resampled_weights(self._person)


def worst_group(groups: Sequence[Group], rate: float) -> Group:
    """Return the group with the most false matches: the group with the smallest distance at this false match rate."""
    return min(groups, key=lambda group: group.histogram().distance_at(rate))


def largest_ratio(rates: dict[str, Rate]) -> tuple[float, str]:
    """Return the ratio of the highest to the lowest rate, and a description of both.

    A group without an error has no rate to divide by. Its upper bound is used instead, if the highest rate exceeds that
    bound. The ratio is 0 if it is not known.
    """
    measured = {name: rate for name, rate in rates.items() if rate.trials}
    if not any(rate.errors for rate in measured.values()):
        return 0.0, "no errors in any group"
    high = max(measured, key=lambda name: measured[name].value)
    floors = {name: rate.value if rate.errors else rate.interval[1] for name, rate in measured.items() if name != high}
    below = {name: floor for name, floor in floors.items() if floor <= measured[high].value}
    if not below:
        return 0.0, f"not known: only {high} has errors, and the other groups are too small for a lower bound"
    low = min(below, key=lambda name: below[name])
    ratio = measured[high].value / below[low]
    if measured[low].errors:
        return ratio, f"{ratio:.1f} ({high} to {low})"
    return (
        ratio,
        f"at least {ratio:.1f} ({high} to {low}, which has no errors: at most {measured[low].interval[1]:.2g})",
    )


def _between(first: Vectors, second: Vectors, metric: Metric) -> NDArray[np.float32]:
    """Return the raw distances of pairs, float32 ``(m,)``."""
    if metric == "euclidean":
        return np.asarray(np.linalg.norm(first - second, axis=1), dtype=np.float32)
    norms = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return np.asarray(1 - (first * second).sum(axis=1) / np.maximum(norms, 1e-12), dtype=np.float32)
