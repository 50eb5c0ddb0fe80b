"""Measure an encoder on labelled pairs: what a threshold costs, for whom, and what a distance means."""

import csv
import itertools
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from bench import verification
from bench.embedding import Embeddings, embed_all
from bench.verification import Distances, Labels, Rate
from worker.vision import Engine, load_engine
from worker.vision.calibration import rates_of

_STEPS = 24  # distances at which rates are measured for the manifest


@dataclass(frozen=True)
class Pair:
    """Two pictures, whether they show one person, and the group that the operator put them in."""

    first: Path
    second: Path
    same: bool
    group: str


def run(file: Path, manifest: Path | None, rate: float) -> None:
    """Print the measurements and, if there is a manifest, write threshold and rates into it."""
    engine = load_engine(encoder_manifest=manifest)
    pairs = read_pairs(file)
    embeddings = embed_all([path for pair in pairs for path in (pair.first, pair.second)], engine)
    kept = [pair for pair in pairs if pair.first in embeddings.of and pair.second in embeddings.of]
    distances = np.array([embeddings.distance(engine, pair.first, pair.second) for pair in kept])
    same = np.array([pair.same for pair in kept])
    click.echo(
        f"pairs {len(kept)} of {len(pairs)} (one person: {same.sum()}), no face in {len(embeddings.failed)} pictures"
    )
    _print_errors(engine, distances, same, rate)
    if any(pair.group for pair in kept):
        _print_groups(engine, kept, distances, same)
    impostors = _all_impostors(embeddings, engine, kept)
    click.echo(f"\nfalse match rates over all {len(impostors)} pairs of pictures not known to show one person")
    steps = np.linspace(float(impostors.min()), float(np.median(impostors)), _STEPS)
    rates = rates_of(impostors.tolist(), [round(float(step), 4) for step in steps])
    for distance, measured in rates:
        click.echo(f"  {distance:.4f}  {measured:.2e}")
    if manifest is not None:
        content = json.loads(manifest.read_text())
        content["threshold"] = round(verification.threshold_at(distances, same, rate), 4)
        content["false_match_rates"] = [list(entry) for entry in rates]
        manifest.write_text(json.dumps(content, indent=2) + "\n")
        click.echo(f"\nwrote threshold {content['threshold']} and {len(rates)} rates into {manifest}")


def read_pairs(file: Path) -> list[Pair]:
    """Read the CSV; pictures are named relative to it."""
    with file.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    if not rows or not {"first", "second", "same"} <= rows[0].keys():
        raise click.ClickException(f"{file} needs columns first, second, same")
    yes = {"1", "true", "yes"}
    folder = file.parent
    return [
        Pair(folder / row["first"], folder / row["second"], row["same"].lower() in yes, row.get("group") or "")
        for row in rows
    ]


def _print_errors(engine: Engine, distances: Distances, same: Labels, rate: float) -> None:
    default = engine.calibration.threshold
    thresholds = {
        f"the encoder's own, {default:.4f}": default,
        f"false match rate {rate:g}": verification.threshold_at(distances, same, rate),
        "highest accuracy": verification.best_threshold(distances, same),
    }
    for name, threshold in thresholds.items():
        click.echo(
            f"\nthreshold {threshold:.4f} ({name}): accuracy {verification.accuracy(distances, same, threshold):.4%}"
        )
        click.echo(f"  false match rate     {verification.false_match(distances, same, threshold)}")
        click.echo(f"  false non-match rate {verification.false_non_match(distances, same, threshold)}")


def _print_groups(engine: Engine, pairs: list[Pair], distances: Distances, same: Labels) -> None:
    """Print differential performance (ISO/IEC 19795-10): both error rates by group, and the largest ratio."""
    threshold = engine.calibration.threshold
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for index, pair in enumerate(pairs):
        groups[pair.group].append(index)
    click.echo(f"\ndifferential performance at threshold {threshold:.4f}, 95% confidence")
    for title, measure in (
        ("false match rate", verification.false_match),
        ("false non-match rate", verification.false_non_match),
    ):
        rates = {name: measure(distances[of], same[of], threshold) for name, of in sorted(groups.items())}
        click.echo(f"  {title}")
        for name, measured in rates.items():
            click.echo(f"    {name or '(none)':20s} {measured}")
        click.echo(f"    largest ratio        {largest_ratio(list(rates.values()))}")


def largest_ratio(rates: list[Rate]) -> str:
    """Return the largest rate over the smallest, in words where a group has no error to divide by."""
    measured = [rate for rate in rates if rate.trials]
    low, high = min(measured, key=lambda rate: rate.value), max(measured, key=lambda rate: rate.value)
    if high.errors == 0:
        return "no errors in any group"
    if low.errors == 0:
        return f"at least {high.value / low.interval[1]:.2f} (no error in one group)"
    return f"{high.value / low.value:.2f}"


def _all_impostors(embeddings: Embeddings, engine: Engine, pairs: list[Pair]) -> Distances:
    """Return distances of all pairs of pictures that no chain of "same" pairs connects."""
    person = {path: path for path in embeddings.of}

    def root(path: Path) -> Path:
        while person[path] != path:
            path = person[path]
        return path

    for pair in pairs:
        if pair.same:
            person[root(pair.first)] = root(pair.second)
    return np.array(
        [
            engine.calibration.distance(embeddings.of[one], embeddings.of[other])
            for one, other in itertools.combinations(embeddings.of, 2)
            if root(one) != root(other)
        ]
    )
