"""The table of a manifest: raw distances at false match rates, measured in the group with the most false matches."""

from dataclasses import dataclass

from bench.measures.impostors import Histogram
from worker.vision.recognition.calibration import LARGEST_DISTANCE, Rates

_RATES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)

LEAST_PAIRS = 10
"""Pairs nearer than a distance that its rate must rest on: the rate is then known within a factor of two."""


@dataclass(frozen=True)
class RateTable:
    """Raw distances at false match rates, both increasing.

    Attributes
    ----------
    rates
        Pairs of distance and rate; none is at distance 0.
    continued_below
        Rates less than this are not the group's own: the group has too few pairs for them. They follow the curve over
        everybody, times ``factor``. None if all are the group's own.
    factor
        The group's rate over everybody's where the one is continued by the other.

    """

    rates: Rates
    continued_below: float | None = None
    factor: float = 1.0

    def distance_at(self, rate: float) -> float | None:
        """Return the raw distance at a rate of the table, or None if it could not be measured."""
        return next((distance for distance, measured in self.rates if measured == rate), None)


def rate_table(group: Histogram, everybody: Histogram, rate: float) -> RateTable:
    """Measure the table, with one entry for this rate.

    Parameters
    ----------
    group
        Pairs of strangers within the group with the most false matches.
    everybody
        All pairs of strangers, which are many more.
    rate
        What the threshold is set by.

    """
    wanted = sorted({*_RATES, rate}, reverse=True)
    entries = [(group.distance_at(each), each) for each in wanted if _supported(group, each)]
    if not entries:
        return RateTable(())
    (join, least), factor = entries[-1], 1.0
    among_all = everybody.rate_at(join)
    continued = []
    if _supported(everybody, among_all):
        factor = least / among_all
        rest = [each for each in wanted if each < least and _supported(everybody, each / factor)]
        continued = [(everybody.distance_at(each / factor), each) for each in rest]
    return RateTable(_increasing([*entries, *continued]), least if continued else None, factor if continued else 1.0)


def _supported(histogram: Histogram, rate: float) -> bool:
    return rate * histogram.total >= LEAST_PAIRS


def _increasing(falling: list[tuple[float, float]]) -> Rates:
    """Sort entries and leave out what a manifest refuses: of two at one distance, the lower rate."""
    kept: list[tuple[float, float]] = []
    for distance, rate in falling:
        if 0.0 < distance < (kept[-1][0] if kept else LARGEST_DISTANCE):
            kept.append((distance, rate))
    return tuple(reversed(kept))
