"""Confidence intervals by resampling people. Pairs are not independent, because one person is in many pairs.

Efron, Tibshirani: "An Introduction to the Bootstrap", 1993; ISO/IEC 19795-1, annex B, on pairs that share a person.
"""

import numpy as np
from numpy.typing import NDArray

from bench.measures.error_rates import Rate
from bench.measures.people import People

_RESAMPLES = 1000
_SEED = 20260701
_PERCENTILES = (2.5, 97.5)  # of the resamples: a 95% interval


def resampled_weights(people: People, resamples: int = _RESAMPLES) -> NDArray[np.float32]:
    """Draw as many people as there are, with replacement, once per resample.

    Returns
    -------
    NDArray[np.float32]
        ``(n, resamples)``: how often each resample drew the person of each picture.

    """
    random = np.random.default_rng(_SEED)
    _, person = np.unique(people, return_inverse=True)
    count = int(person.max(initial=-1)) + 1
    drawn = np.empty((count, resamples), np.float32)
    for index in range(resamples):
        drawn[:, index] = np.bincount(random.integers(0, count, count), minlength=count)
    return drawn[person]


def rate_of(errors: int, trials: int, resampled: NDArray[np.float64]) -> Rate:
    """Return a rate with its interval from the rates of the resamples. Resamples without a trial are ignored."""
    known = resampled[np.isfinite(resampled)]
    if not len(known):
        return Rate(errors, trials)
    low, high = np.percentile(known, _PERCENTILES)
    return Rate(errors, trials, (float(low), float(high)))
