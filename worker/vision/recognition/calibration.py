"""Calibration: an encoder's metric, and the scale of distance that is common to all encoders.

The common scale is defined by the false match rate in the measured group of people with the most false matches. At a
distance of 0.6, 1 in 1,000 pairs of strangers is closer. With each step of 0.1 less, the rate is ten times lower. So
``distance = 0.6 + log10(rate / 0.001) / 10``. The distance of a picture to itself is 0.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Embedding = NDArray[np.float32]
"""float32 ``(d,)``. Embeddings of one person are near each other by the encoder's metric."""

Metric = Literal["euclidean", "cosine"]

Rates = tuple[tuple[float, float], ...]
"""Pairs of raw distance and false match rate at that distance, both increasing."""

DEFAULT_THRESHOLD = 0.6
DEFAULT_RATE = 1e-3
_PER_TENFOLD = 0.1  # difference in distance for a factor of ten in the rate
LARGEST_DISTANCE = 2.0
"""The largest distance of two unit vectors by either metric, and on the common scale."""

LEAST_RATE = 1e-8
"""The smallest rate on the common scale, at distance 0.1."""

_SURELY_DIFFERENT = 0.82
"""Distance on the common scale. In real documents, portraits and their ghosts are 0.55 to 0.81 apart, and strangers
about 1. In Labeled Faces in the Wild, one pair of strangers in 25 is closer than this."""

_SURELY_DIFFERENT_FACTOR = 1.2  # times the threshold, for encoders that are not on the common scale


class UnmeasuredRateError(ValueError):
    """The requested false match rate is outside the rates that were measured for the encoder."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How an encoder's embeddings are compared.

    Attributes
    ----------
    metric
        ``euclidean`` distance, or ``cosine`` distance (1 minus the cosine). Both are 0 for the same picture.
    rates
        Measured false match rates by raw distance; empty if none was measured.
    on_scale
        Whether reported distances are on the common scale, which ``rates`` define. Otherwise they are raw distances.
    threshold
        Maximum reported distance of a match, unless a request gives another threshold.

    """

    metric: Metric
    rates: Rates = ()
    on_scale: bool = True
    threshold: float = DEFAULT_THRESHOLD

    def distance(self, first: Embedding, second: Embedding) -> float:
        """Return the reported distance of two embeddings."""
        return float(self.scaled(np.array([self.raw_distance(first, second)]))[0])

    def surely_different(self, first: Embedding, second: Embedding) -> bool:
        """Return whether two faces of one document belong to two people, and are not a portrait and its ghost."""
        limit = _SURELY_DIFFERENT if self.on_scale else _SURELY_DIFFERENT_FACTOR * self.threshold
        return self.distance(first, second) > limit

    def raw_distance(self, first: Embedding, second: Embedding) -> float:
        """Return the raw distance of two embeddings: the distance by the metric."""
        if self.metric == "euclidean":
            return float(np.linalg.norm(first - second))
        if np.array_equal(first, second):
            return 0.0  # rounding would give a value slightly above 0
        norms = float(np.linalg.norm(first) * np.linalg.norm(second))
        return max(0.0, 1.0 - float(first @ second) / max(norms, 1e-12))

    def scaled(self, raw: NDArray[np.floating]) -> NDArray[np.float64]:
        """Map raw distances to reported distances.

        The map is continuous and strictly increasing. It is linear between the measured points, between 0 and the
        first point, and between the last point and the largest distance.
        """
        if not self.on_scale:
            return np.asarray(raw, dtype=np.float64)
        measured, rates = zip(*self.rates, strict=True)
        on_scale = (DEFAULT_THRESHOLD + _PER_TENFOLD * math.log10(rate / DEFAULT_RATE) for rate in rates)
        points = (0.0, *measured, LARGEST_DISTANCE), (0.0, *on_scale, LARGEST_DISTANCE)
        return np.asarray(np.interp(raw, *points), dtype=np.float64)

    def false_match_rate(self, distance: float) -> float | None:
        """Return the fraction of pairs of different people with at most this distance; None without measured rates.

        Below the smallest measured distance, the result is the smallest measured rate, which is an upper bound.

        Parameters
        ----------
        distance
            Reported distance.

        """
        if not self.rates:
            return None
        raw, rates = zip(*self.rates, strict=True)
        if self.on_scale:
            rate = DEFAULT_RATE * 10 ** ((distance - DEFAULT_THRESHOLD) / _PER_TENFOLD)
            return float(min(max(rate, rates[0]), 1.0))
        return float(math.exp(np.interp(distance, raw, np.log(rates))))

    def threshold_at(self, rate: float) -> float:
        """Return the reported distance that has this false match rate.

        Raises
        ------
        UnmeasuredRateError
            The rate is below the smallest or above the largest measured rate.

        """
        if not self.rates or not self.rates[0][1] <= rate <= self.rates[-1][1]:
            measured = f"from {self.rates[0][1]:g} to {self.rates[-1][1]:g}" if self.rates else "at no rate"
            raise UnmeasuredRateError(f"a false match rate of {rate:g}: the encoder was measured {measured}")
        if self.on_scale:
            return round(DEFAULT_THRESHOLD + _PER_TENFOLD * math.log10(rate / DEFAULT_RATE), 4)
        raw, rates = zip(*self.rates, strict=True)
        return round(float(np.interp(math.log(rate), np.log(rates), raw)), 4)
