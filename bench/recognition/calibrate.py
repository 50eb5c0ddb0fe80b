"""Measures an encoder on labelled pairs: error rates by threshold and by group of people."""

import itertools
import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from bench.measures.groups import Group, worst_group
from bench.measures.impostors import ImpostorPairs, OnProgress, Vectors
from bench.measures.people import IndexPairs, People, all_distinct, count_people, merge_people
from bench.measures.rate_table import MIN_PAIRS, RateTable, rate_table
from bench.recognition import group_report as report
from bench.recognition.embedding import Embeddings, embed_all
from bench.recognition.pairs import Pair, pictures, read_pairs, without_copies
from worker.vision import EncoderChoice, load_engine
from worker.vision.recognition.calibration import Calibration

ALL_PEOPLE = "all people"

_COPY = 0.1
"""Distance below which two pictures are copies of the same photograph. The calibrated scale ends at this distance."""

_MANY_COPIES = 0.01  # share of all people


@dataclass(frozen=True)
class Dataset:
    """The pictures with a face.

    Attributes
    ----------
    paths, vectors, people
        Files, embeddings and people of the ``n`` pictures.
    pairs
        Labelled pairs of these pictures.

    """

    paths: list[Path]
    vectors: Vectors
    people: People
    pairs: list[Pair]

    def indices(self, pairs: list[Pair]) -> IndexPairs:
        """Return the indices of pairs of pictures, ``(m, 2)``."""
        position = {path: index for index, path in enumerate(self.paths)}
        return np.array([(position[pair.first], position[pair.second]) for pair in pairs], np.int64).reshape(-1, 2)


def run(file: Path, choice: EncoderChoice, rate: float) -> None:
    """Print the measurements. If there is a manifest, write the threshold and the rates to it."""
    engine = load_engine(encoder=choice)
    pairs, copies = without_copies(read_pairs(file))
    embeddings = embed_all(pictures(pairs), engine)
    dataset = _build_dataset(embeddings, pairs)
    click.echo(
        f"{len(dataset.pairs)} pairs of {len(dataset.paths)} pictures, no face in {len(embeddings.failed)} more; "
        f"{copies} identical copies of pictures left out"
    )
    dataset = _merge_duplicates(dataset, engine.calibration)
    report.print_labelled(dataset.people, dataset.vectors, dataset.indices(dataset.pairs), engine.calibration, rate)
    all_people, groups = _groups(dataset, engine.calibration)
    _print_mixed(dataset)
    measured = [all_people, *groups]
    with _progress("Counting pairs", measured) as on_progress:
        for group in measured:
            group.histogram(on_progress)
    large = [group for group in groups if group.large_enough]
    strictest = worst_group(large, rate) if large else all_people
    table = rate_table(strictest.histogram(), all_people.histogram(), rate)
    threshold = report.raw_threshold(engine.calibration)
    _print_errors(measured, engine.calibration, f"{engine.calibration.threshold:.4g}, the encoder's own", threshold)
    report.print_table(table, strictest, engine.calibration)
    if choice.manifest is not None:
        raw = _write(choice.manifest, table, rate, strictest)
        written = Calibration(engine.calibration.metric, table.rates)
        _print_errors(measured, written, f"of the manifest as written, for a rate of {rate:g}", raw)


def _build_dataset(embeddings: Embeddings, pairs: list[Pair]) -> Dataset:
    """Collect the pictures with a face. The identities follow from the pairs of the same person."""
    kept = [pair for pair in pairs if pair.first in embeddings.by_path and pair.second in embeddings.by_path]
    paths = pictures(kept)
    if not paths:
        raise click.ClickException("no pair has a face on both pictures")
    dataset = Dataset(paths, np.stack([embeddings.by_path[path] for path in paths]), all_distinct(len(paths)), kept)
    people = merge_people(dataset.people, dataset.indices([pair for pair in kept if pair.same]))
    return Dataset(paths, dataset.vectors, people, kept)


def _merge_duplicates(dataset: Dataset, calibration: Calibration) -> Dataset:
    """Merge people who share a photograph, and remove impostor pairs that show the same person.

    This needs a calibrated encoder. Without a calibration, all distances may be small.
    """
    if not calibration.on_scale:
        click.echo(f"{count_people(dataset.people)} people; without a calibration, only identical copies were removed")
        return dataset
    impostors = ImpostorPairs(dataset.vectors, dataset.people, calibration.metric)
    people, examples = dataset.people, []
    with click.progressbar(length=impostors.all_pairs, label="Looking for copies") as bar:
        for near in impostors.nearer_than(report.raw_distance(calibration, _COPY), bar.update):
            people = merge_people(people, near)
            examples += [f"{dataset.paths[one].name} = {dataset.paths[other].name}" for one, other in near[:3].tolist()]
    fewer = count_people(dataset.people) - count_people(people)
    click.echo(f"{count_people(people)} people")
    if fewer:
        shown = "; ".join(examples[:3])
        click.echo(f"merged {fewer} people with others who have a nearly identical picture ({shown})")
        if fewer > _MANY_COPIES * count_people(dataset.people):
            click.secho(
                "WARNING: that is more than 1 in 100. Check these pictures before you rely on the rates.", fg="red"
            )
    ends = dataset.indices(dataset.pairs)
    one_person = people[ends[:, 0]] == people[ends[:, 1]]
    pairs = [pair for pair, same in zip(dataset.pairs, one_person, strict=True) if pair.same or not same]
    if len(pairs) < len(dataset.pairs):
        click.echo(f"left out {len(dataset.pairs) - len(pairs)} impostor pairs that show the same person")
    return Dataset(dataset.paths, dataset.vectors, people, pairs)


def _groups(dataset: Dataset, calibration: Calibration) -> tuple[Group, list[Group]]:
    """Return the group of all people, and the groups by name. A group has the pictures of all pairs with its name."""

    def group(name: str, pairs: list[Pair]) -> Group:
        ends = dataset.indices(pairs)
        members, places = np.unique(ends, return_inverse=True)
        genuine = np.unique(places.reshape(-1, 2)[[pair.same for pair in pairs]], axis=0)
        return Group(name, dataset.vectors[members], dataset.people[members], genuine, calibration.metric)

    by_name = sorted((pair for pair in dataset.pairs if pair.group), key=lambda pair: pair.group)
    groups = [group(name, list(pairs)) for name, pairs in itertools.groupby(by_name, lambda pair: pair.group)]
    return group(ALL_PEOPLE, dataset.pairs), groups


def _print_mixed(dataset: Dataset) -> None:
    """Print how many people are in several groups, which is correct for overlapping groups only."""
    groups: defaultdict[int, set[str]] = defaultdict(set)
    ends = dataset.people[dataset.indices(dataset.pairs)]
    for pair, people in zip(dataset.pairs, ends.tolist(), strict=True):
        for person in people if pair.group else ():
            groups[person].add(pair.group)
    mixed = sum(len(names) > 1 for names in groups.values())
    if mixed:
        click.echo(f"{mixed} people are in more than one group. Name a group only if both pictures belong to it.")


def _print_errors(groups: list[Group], calibration: Calibration, title: str, threshold: float) -> None:
    shown = [group for group in groups if group.large_enough or group.name == ALL_PEOPLE]
    with _progress("Resampling people", shown) as on_progress:
        errors = {group.name: group.errors(threshold, on_progress) for group in shown}
    report.print_groups(
        groups, errors, calibration, f"threshold {title} ({calibration.metric} distance {threshold:.4f})"
    )


def _write(manifest: Path, table: RateTable, rate: float, group: Group) -> float:
    """Write the table to the manifest and return the raw threshold for the rate.

    Raises
    ------
    click.ClickException
        There are too few pairs for the rate. The manifest is not changed.

    """
    threshold = table.distance_at(rate)
    if threshold is None:
        raise click.ClickException(
            f"too few impostor pairs for a rate of {rate:g}: {group.histogram().total} among {group.name}, "
            f"{round(MIN_PAIRS / rate)} are needed; {manifest} is not changed"
        )
    content = json.loads(manifest.read_text())
    content["threshold"] = threshold
    content["false_match_rates"] = [list(entry) for entry in table.rates]
    manifest.write_text(json.dumps(content, indent=2) + "\n")
    click.echo(f"\nwrote threshold {threshold:.4f} and {len(table.rates)} rates to {manifest}")
    return threshold


@contextmanager
def _progress(label: str, groups: list[Group]) -> Iterator[OnProgress]:
    with click.progressbar(length=sum(group.impostors.all_pairs for group in groups), label=label) as bar:
        yield bar.update
