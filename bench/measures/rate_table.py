"""The rate table of a manifest: raw distances at false match rates, from the group with the most false matches."""

from dataclasses import dataclass

from bench.measures.impostors import Histogram
from worker.vision.recognition.calibration import LARGEST_DISTANCE, Rates

_RATES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)

MIN_PAIRS = 10
"""Minimum number of pairs below a distance. The rate is then known within a factor of two."""


@dataclass(frozen=True)
class RateTable:
    """Raw distances at false match rates. Both increase.

    Attributes
    ----------
    rates
        Pairs of distance and rate. No distance is 0.
    continued_below
        Lower rates were not measured in the group, because it has too few pairs. They follow the curve of all people,
        times ``factor``. None if all rates were measured in the group.
    factor
        Rate of the group divided by the rate of all people, where the curves are joined.

    """

    rates: Rates
    continued_below: float | None = None
    factor: float = 1.0

    def distance_at(self, rate: float) -> float | None:
        """Return the raw distance at a rate of the table; None if the rate could not be measured."""
        return next((distance for distance, measured in self.rates if measured == rate), None)


def rate_table(group: Histogram, all_people: Histogram, rate: float) -> RateTable:
    """Return the table, with an entry for this rate.

    Parameters
    ----------
    group
        Impostor pairs within the group with the most false matches.
    all_people
        All impostor pairs, which are many more.
    rate
        Rate that sets the threshold.

    """
    wanted = sorted({*_RATES, rate}, reverse=True)
    entries = [(group.distance_at(each), each) for each in wanted if _supported(group, each)]
    if not entries:
        return RateTable(())
    (join, least), factor = entries[-1], 1.0
    among_all = all_people.rate_at(join)
    continued = []
    if _supported(all_people, among_all):
        factor = least / among_all
        rest = [each for each in wanted if each < least and _supported(all_people, each / factor)]
        continued = [(all_people.distance_at(each / factor), each) for each in rest]
    return RateTable(_increasing([*entries, *continued]), least if continued else None, factor if continued else 1.0)


def _supported(histogram: Histogram, rate: float) -> bool:
    return rate * histogram.total >= MIN_PAIRS


def _increasing(falling: list[tuple[float, float]]) -> Rates:
    """Sort the entries and remove those that a manifest may not have: of two at the same distance, the lower rate."""
    kept: list[tuple[float, float]] = []
    for distance, rate in falling:
        if 0.0 < distance < (kept[-1][0] if kept else LARGEST_DISTANCE):
            kept.append((distance, rate))
    return tuple(reversed(kept))
