"""What a distance means: an encoder's metric, and the scale of distance that is the same for every encoder.

On the scale, 0.6 is the distance at which 1 in 1,000 pairs of strangers is closer, within the measured group of people
with the most false matches, and each 0.1 less is ten times rarer. So ``distance = 0.6 + log10(rate / 0.001) / 10``, and
0 is the distance of a picture to itself.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Embedding = NDArray[np.float32]
"""float32 ``(d,)``; two of one person are near each other by their encoder's metric."""

Metric = Literal["euclidean", "cosine"]

Rates = tuple[tuple[float, float], ...]
"""(raw distance, false match rate at it), both increasing."""

DEFAULT_THRESHOLD = 0.6
DEFAULT_RATE = 1e-3
_PER_TENFOLD = 0.1  # distance for a factor of ten in the rate
LARGEST_DISTANCE = 2.0
"""Of two unit vectors, by either metric; on the scale as well."""

LEAST_RATE = 1e-8
"""The scale has no place for less: distance 0.1."""


_SURELY_DIFFERENT = 0.82
"""On the scale. Portraits and their ghosts in real documents are 0.55 to 0.81 apart, strangers about 1; one pair of
strangers in 25 is nearer than this, over all of Labeled Faces in the Wild."""

_SURELY_DIFFERENT_FACTOR = 1.2  # of the threshold, where distances are not on the scale


class UnmeasuredRateError(ValueError):
    """A threshold was asked for by a false match rate at which the encoder was not measured."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How an encoder's embeddings are compared.

    Attributes
    ----------
    metric
        ``euclidean`` distance, or ``cosine`` distance (1 minus the cosine). Both are 0 for the same picture.
    rates
        Measured false match rates by raw distance; empty if none were measured.
    on_scale
        Whether clients get distances on the common scale, by the rates, or as the metric has them.
    threshold
        Distance, as clients get it, up to which two faces match, unless a request names another.

    """

    metric: Metric
    rates: Rates = ()
    on_scale: bool = True
    threshold: float = DEFAULT_THRESHOLD

    def distance(self, first: Embedding, second: Embedding) -> float:
        """Return the distance of two embeddings as clients get it."""
        return float(self.scaled(np.array([self.raw_distance(first, second)]))[0])

    def surely_different(self, first: Embedding, second: Embedding) -> bool:
        """Tell whether two faces of one document are two people's, and not a portrait and its ghost."""
        least = _SURELY_DIFFERENT if self.on_scale else _SURELY_DIFFERENT_FACTOR * self.threshold
        return self.distance(first, second) > least

    def raw_distance(self, first: Embedding, second: Embedding) -> float:
        """Return the distance of two embeddings by the metric."""
        if self.metric == "euclidean":
            return float(np.linalg.norm(first - second))
        if np.array_equal(first, second):
            return 0.0  # which rounding would miss
        norms = float(np.linalg.norm(first) * np.linalg.norm(second))
        return max(0.0, 1.0 - float(first @ second) / max(norms, 1e-12))

    def scaled(self, raw: NDArray[np.floating]) -> NDArray[np.float64]:
        """Map raw distances to distances as clients get them: strictly increasing, continuous, 0 for 0.

        Between measured points the line is straight, as it is from the least of them to 0 and from the largest to the
        largest distance there is.
        """
        if not self.on_scale:
            return np.asarray(raw, dtype=np.float64)
        measured, rates = zip(*self.rates, strict=True)
        on_scale = (DEFAULT_THRESHOLD + _PER_TENFOLD * math.log10(rate / DEFAULT_RATE) for rate in rates)
        points = (0.0, *measured, LARGEST_DISTANCE), (0.0, *on_scale, LARGEST_DISTANCE)
        return np.asarray(np.interp(raw, *points), dtype=np.float64)

    def false_match_rate(self, distance: float) -> float | None:
        """Return the share of pairs of different people that are at most so far apart; None if nobody has measured.

        Below the least measured distance it is the least measured rate, which is then an upper bound.

        Parameters
        ----------
        distance
            As clients get it.

        """
        if not self.rates:
            return None
        raw, rates = zip(*self.rates, strict=True)
        if self.on_scale:
            rate = DEFAULT_RATE * 10 ** ((distance - DEFAULT_THRESHOLD) / _PER_TENFOLD)
            return float(min(max(rate, rates[0]), 1.0))
        return float(math.exp(np.interp(distance, raw, np.log(rates))))

    def threshold_at(self, rate: float) -> float:
        """Return the distance, as clients get it, at which the false match rate is this.

        Raises
        ------
        UnmeasuredRateError
            It is less than the least measured rate or more than the largest.

        """
        if not self.rates or not self.rates[0][1] <= rate <= self.rates[-1][1]:
            measured = f"from {self.rates[0][1]:g} to {self.rates[-1][1]:g}" if self.rates else "at no rate"
            raise UnmeasuredRateError(f"a false match rate of {rate:g}: the encoder was measured {measured}")
        if self.on_scale:
            return round(DEFAULT_THRESHOLD + _PER_TENFOLD * math.log10(rate / DEFAULT_RATE), 4)
        raw, rates = zip(*self.rates, strict=True)
        return round(float(np.interp(math.log(rate), np.log(rates), raw)), 4)
