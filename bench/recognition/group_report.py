"""Prints the measurements by group: differential performance in the terms of ISO/IEC 19795-10."""

from collections.abc import Mapping, Sequence

import click
import numpy as np

from bench.measures import error_rates
from bench.measures.groups import ENOUGH_PEOPLE, Errors, Group, largest_ratio, worst_group
from bench.measures.impostors import Vectors
from bench.measures.people import IndexPairs, People
from bench.measures.rate_table import MIN_PAIRS, RateTable
from worker.vision.recognition.calibration import DEFAULT_RATE, LARGEST_DISTANCE, Calibration

_WARN_RATIO = 3.0
_LEAST_PERCENT = 1e-4  # smallest value that is printed as a number
_STEP = 1e-4  # raw distance; resolution of the inverted scale


def raw_distance(calibration: Calibration, distance: float) -> float:
    """Return the raw distance that corresponds to a calibrated distance."""
    raw = np.linspace(0.0, LARGEST_DISTANCE, round(LARGEST_DISTANCE / _STEP) + 1)
    return round(float(np.interp(distance, calibration.scaled(raw), raw)), 6)


def raw_threshold(calibration: Calibration) -> float:
    """Return the encoder's threshold as a raw distance."""
    return raw_distance(calibration, calibration.threshold)


def print_labelled(people: People, vectors: Vectors, ends: IndexPairs, calibration: Calibration, rate: float) -> None:
    """Print both error rates over the labelled pairs only, at three thresholds."""
    same = people[ends[:, 0]] == people[ends[:, 1]]
    distances = np.array([calibration.distance(vectors[one], vectors[other]) for one, other in ends])
    thresholds = {"the encoder's own": calibration.threshold}
    if (~same).any():
        thresholds[f"false match rate {rate:g}"] = error_rates.threshold_at(distances, same, rate)
    thresholds["highest accuracy"] = error_rates.best_threshold(distances, same)
    click.echo(f"\nlabelled pairs only: {same.sum()} genuine, {(~same).sum()} impostor")
    for name, threshold in thresholds.items():
        accuracy = error_rates.accuracy(distances, same, threshold)
        click.echo(f"  threshold {threshold:.4f} ({name}): accuracy {accuracy:.4%}")
        click.echo(f"    false match rate     {error_rates.false_match(distances, same, threshold)}")
        click.echo(f"    false non-match rate {error_rates.false_non_match(distances, same, threshold)}")


def print_groups(groups: Sequence[Group], errors: Mapping[str, Errors], calibration: Calibration, title: str) -> None:
    """Print both rates of each group over all impostor pairs, and the largest ratio between groups."""
    click.echo(f"\nall impostor pairs, {title}; 95% intervals by bootstrap over people")
    click.echo(f"{'':22s} {'people':>7s}  {'false match rate':28s} {'false non-match rate':28s} distance at 1 in 1,000")
    for group in groups:
        line = f"{group.name[:22]:22s} {group.people:7d}  "
        if group.name not in errors:
            click.echo(line + f"too few people for a statement (fewer than {ENOUGH_PEOPLE})")
            continue
        measured = errors[group.name]
        click.echo(
            line
            + f"{_rate(measured.false_match):28s} {_rate(measured.false_non_match):28s} {_limit(group, calibration)}"
        )
    compared = [group.name for group in groups[1:] if group.name in errors]
    if compared:
        strictest = worst_group([group for group in groups[1:] if group.name in errors], DEFAULT_RATE)
        click.echo(f"at most 1 in 1,000 in each of these groups: {_limit(strictest, calibration)}, by {strictest.name}")
    if len(compared) > 1:
        _print_ratio("false match rates", {name: errors[name].false_match for name in compared})
        _print_ratio("false non-match rates", {name: errors[name].false_non_match for name in compared})
    elif len(groups) > 1:
        click.echo(f"no ratio between groups: {len(compared)} of them have {ENOUGH_PEOPLE} people or more")


def print_table(table: RateTable, group: Group, calibration: Calibration) -> None:
    """Print the rate table of a manifest."""
    click.echo(f"\nfalse match rates among {group.name}, by {calibration.metric} distance")
    for distance, rate in table.rates:
        continued = table.continued_below is not None and rate < table.continued_below
        note = f"  (too few pairs: {table.factor:.1f} times the rate of all people)" if continued else ""
        click.echo(f"  {distance:.4f}  {rate:.0e}{note}")
    if not table.rates:
        click.echo("  too few pairs for any rate")


def _print_ratio(title: str, rates: dict[str, error_rates.Rate]) -> None:
    ratio, description = largest_ratio(rates)
    click.echo(f"largest ratio of {title}: {description}")
    if ratio > _WARN_RATIO:
        click.secho(
            f"WARNING: {title} differ by more than {_WARN_RATIO:g} times between groups at this threshold. "
            "Set the threshold by the group with the most false matches.",
            fg="red",
        )


def _rate(rate: error_rates.Rate) -> str:
    if not rate.trials:
        return "no pairs"
    low, high = rate.interval
    return f"{_percent(rate.value)} ({_percent(low)} to {_percent(high)})"


def _percent(value: float) -> str:
    percent = 100 * value
    if 0 < percent < _LEAST_PERCENT:
        return f"<{_LEAST_PERCENT:.4f}%"
    return f"{percent:.1f}%" if percent >= 10 else f"{percent:.2g}%"  # noqa: PLR2004 - two significant digits are known


def _limit(group: Group, calibration: Calibration) -> str:
    pairs = group.histogram().total
    if pairs * DEFAULT_RATE < MIN_PAIRS:
        return f"too few pairs ({pairs})"
    raw = group.histogram().distance_at(DEFAULT_RATE)
    (distance,) = calibration.scaled(np.array([raw]))
    return f"{distance:.3f} ({calibration.metric} {raw:.4f})"
