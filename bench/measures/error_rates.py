"""Error rates of verification from distances of labelled pairs, with the terms of ISO/IEC 19795-1."""

from dataclasses import dataclass

import numpy as np
import scipy  # not `scipy.stats`, whose import takes a second: scipy imports it at its first use
from numpy.typing import NDArray

Distances = NDArray[np.float64]
Labels = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rate:
    """A measured rate with its 95% confidence interval.

    Attributes
    ----------
    errors, trials
        Numbers of pairs.
    resampled
        Interval by bootstrap, if the trials are not independent.

    """

    errors: int
    trials: int
    resampled: tuple[float, float] | None = None

    @property
    def value(self) -> float:
        return self.errors / self.trials if self.trials else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """The exact interval (Clopper-Pearson) for independent trials, or a wider one by bootstrap.

        Without an error, no resample has an error. The exact interval still limits the rate.
        """
        if self.trials == 0:
            return 0.0, 1.0
        bounds = scipy.stats.binomtest(self.errors, self.trials).proportion_ci(0.95, "exact")
        low, high = self.resampled or (1.0, 0.0)
        return min(float(bounds.low), low), max(float(bounds.high), high)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.value:.4%} [{low:.4%}, {high:.4%}] ({self.errors} of {self.trials})"


def false_match(distances: Distances, same: Labels, threshold: float) -> Rate:
    """Return the share of pairs of different people that match."""
    impostors = distances[~same]
    return Rate(int((impostors <= threshold).sum()), len(impostors))


def false_non_match(distances: Distances, same: Labels, threshold: float) -> Rate:
    """Return the share of pairs of one person that do not match."""
    genuine = distances[same]
    return Rate(int((genuine > threshold).sum()), len(genuine))


def threshold_at(distances: Distances, same: Labels, rate: float) -> float:
    """Return the largest threshold whose false match rate is at most this rate."""
    impostors = np.sort(distances[~same])
    allowed = int(rate * len(impostors))
    return float(np.nextafter(impostors[allowed], 0.0) if allowed < len(impostors) else impostors[-1])


def best_threshold(distances: Distances, same: Labels) -> float:
    """Return the threshold with the highest accuracy, from the middle of the best range."""
    values, index = np.unique(distances, return_inverse=True)
    gain = np.bincount(index, weights=np.where(same, 1.0, -1.0), minlength=len(values))
    right = np.concatenate([[0.0], np.cumsum(gain)])  # correct decisions at each value, relative to rejecting all pairs
    best = np.flatnonzero(right == right.max())
    cut = int(best[len(best) // 2])
    if cut == 0:
        return float(np.nextafter(values[0], -np.inf))
    upper = values[cut] if cut < len(values) else values[cut - 1]
    middle = float((values[cut - 1] + upper) / 2)
    return middle if middle < upper else float(values[cut - 1])


def accuracy(distances: Distances, same: Labels, threshold: float) -> float:
    """Return the share of correct decisions."""
    return float(((distances <= threshold) == same).mean())


def ten_fold(distances: Distances, same: Labels, folds: NDArray[np.int64]) -> tuple[float, float]:
    """Return mean and standard error of the accuracy over folds. Each fold's threshold is chosen on the other folds.

    This is the protocol of Labeled Faces in the Wild, view 2.
    """
    results = []
    for fold in np.unique(folds):
        inside = folds == fold
        threshold = best_threshold(distances[~inside], same[~inside])
        results.append(accuracy(distances[inside], same[inside], threshold))
    return float(np.mean(results)), float(np.std(results, ddof=1) / np.sqrt(len(results)))
