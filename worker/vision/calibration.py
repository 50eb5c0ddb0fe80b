"""What a distance means: the metric of an encoder, its point of decision, and the false match rate at each distance."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Embedding = NDArray[np.float32]
"""float32 ``(d,)``; two of one person are near each other by their encoder's metric."""

Metric = Literal["euclidean", "cosine"]

Rates = tuple[tuple[float, float], ...]
"""(distance, false match rate at it), both increasing."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How an encoder's embeddings are compared.

    Attributes
    ----------
    metric
        ``euclidean`` distance, or ``cosine`` distance (1 minus the cosine). Both are 0 for the same picture.
    threshold
        Distance up to which two faces match, unless a request names another.
    rates
        Measured false match rates; empty if nobody has measured.

    """

    metric: Metric
    threshold: float
    rates: Rates = ()

    def distance(self, first: Embedding, second: Embedding) -> float:
        """Return the distance of two embeddings."""
        if self.metric == "euclidean":
            return float(np.linalg.norm(first - second))
        norms = float(np.linalg.norm(first) * np.linalg.norm(second))
        return max(0.0, 1.0 - float(first @ second) / max(norms, 1e-12))

    def false_match_rate(self, distance: float) -> float | None:
        """Return the share of pairs of different people that are at most so far apart; None if nobody has measured.

        Between two measured distances the logarithm of the rate is interpolated; below the least the rate is the least
        that was measured, which is then an upper bound.
        """
        if not self.rates:
            return None
        distances, rates = zip(*self.rates, strict=True)
        return float(math.exp(np.interp(distance, distances, np.log(rates))))


def rates_of(impostor_distances: Sequence[float], at: Sequence[float]) -> Rates:
    """Measure false match rates from distances of pairs of different people; where there is none is left out.

    Parameters
    ----------
    impostor_distances
        One for each pair.
    at
        Distances to measure at.

    """
    ordered = np.sort(np.asarray(impostor_distances, dtype=np.float64))
    counts = [(float(distance), int(np.searchsorted(ordered, distance, side="right"))) for distance in sorted(at)]
    rates: list[tuple[float, float]] = []
    for distance, count in counts:
        rate = count / len(ordered)
        if count > 0 and (not rates or rate > rates[-1][1]):
            rates.append((distance, rate))
    return tuple(rates)


DLIB = Calibration(
    metric="euclidean",
    threshold=0.6,  # dlib's recommendation for its network
    # `python -m bench calibrate` over 68,495 pairs of different people: all pairs of 371 photographs of Labeled Faces
    # in the Wild but those of one person. The first rates rest on 1, 2 and 7 pairs.
    rates=(
        (0.4323, 1.46e-05),
        (0.4498, 2.92e-05),
        (0.4673, 1.02e-04),
        (0.4848, 1.90e-04),
        (0.5023, 2.48e-04),
        (0.5198, 5.11e-04),
        (0.5374, 1.09e-03),
        (0.5549, 1.85e-03),
        (0.5724, 3.26e-03),
        (0.5899, 5.40e-03),
        (0.6074, 9.17e-03),
        (0.6249, 1.47e-02),
        (0.6425, 2.43e-02),
        (0.6775, 5.90e-02),
        (0.7125, 1.23e-01),
        (0.7651, 2.83e-01),
        (0.8176, 5.00e-01),
        (1.2, 1.0),
    ),
)
