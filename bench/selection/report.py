"""Prints the table of outcomes by kind and by orientation."""

from collections.abc import Iterable, Sequence

import click
import numpy as np
import scipy  # not `scipy.stats`, whose import takes a second: scipy imports it at its first use

from bench.selection.labels import OUTCOMES, Outcome
from bench.selection.measure import Result


def print_report(results: Sequence[Result]) -> None:
    """Print the outcomes by kind, totals with exact 95% intervals (Clopper-Pearson), and times."""
    columns = "".join(f"{outcome:>14s}" for outcome in OUTCOMES)
    click.echo(f"\n{'kind':20s}{'documents':>10s}{columns}{'right, 95%':>18s}{'ms':>8s}{'95th':>8s}")
    kinds = list(dict.fromkeys(result.label.kind for result in results))
    for kind in kinds:
        _print_row(kind, [result for result in results if result.label.kind == kind])
    click.echo()
    for quarter in range(4):
        _print_row(f"turned by {90 * quarter}", [result for result in results if _quarter(result) == quarter])
    _print_row("all", results)
    _print_shares(results)


def interval(count: int, trials: int) -> tuple[float, float]:
    """Return the exact 95% confidence interval of a share."""
    if trials == 0:
        return 0.0, 1.0
    bounds = scipy.stats.binomtest(count, trials).proportion_ci(0.95, "exact")
    return float(bounds.low), float(bounds.high)


def _quarter(result: Result) -> int:
    return round(result.label.turned / 90) % 4


def _print_row(title: str, results: Sequence[Result]) -> None:
    if not results:
        return
    counts = "".join(f"{_count(results, outcome) or '.':>14}" for outcome in OUTCOMES)
    low, high = interval(_count(results, "right"), len(results))
    times = 1000 * np.array([result.seconds for result in results])
    middle, late = np.percentile(times, (50, 95))
    bounds = f"{low:.1%} to {high:.1%}"
    click.echo(f"{title:20s}{len(results):10d}{counts}{bounds:>18s}{middle:8.0f}{late:8.0f}")


def _print_shares(results: Sequence[Result]) -> None:
    shown = [result for result in results if result.label.portrait is not None]
    ghosts = [result for result in shown if result.label.ghosts]
    empty = [result for result in results if result.label.portrait is None]
    click.echo()
    _print_share("right", _count(shown, "right"), len(shown), "documents with a portrait")
    _print_share("ghost", _count(shown, "ghost"), len(shown), "documents with a portrait")
    _print_share("ghost", _count(ghosts, "ghost"), len(ghosts), "documents with a ghost image")
    _print_share("false face", _count(empty, "false face"), len(empty), "documents without a face")
    engine, preparing = (_median(values) for values in zip(*((r.seconds, r.preparing) for r in results), strict=True))
    click.echo(f"median time: engine {1000 * engine:.0f} ms, composing or reading {1000 * preparing:.0f} ms")


def _print_share(title: str, count: int, trials: int, of: str) -> None:
    if trials:
        low, high = interval(count, trials)
        click.echo(f"{title}: {count / trials:.2%} ({low:.2%} to {high:.2%}), {count} of {trials} {of}")


def _count(results: Iterable[Result], outcome: Outcome) -> int:
    return sum(result.outcome == outcome for result in results)


def _median(values: Iterable[float]) -> float:
    return float(np.median(list(values)))
