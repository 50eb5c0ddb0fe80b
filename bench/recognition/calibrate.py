"""Measure an encoder on labelled pairs: what a threshold costs, for whom, and what a distance means."""

import itertools
import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from bench.measures.groups import Group, worst
from bench.measures.impostors import Strangers, Tick, Vectors
from bench.measures.people import IndexPairs, People, merged, nobody_known, number
from bench.measures.rate_table import LEAST_PAIRS, RateTable, rate_table
from bench.recognition import group_report as report
from bench.recognition.embedding import Embeddings, embed_all
from bench.recognition.pairs import Pair, pictures, read_pairs, without_copies
from worker.vision import EncoderChoice, load_engine
from worker.vision.recognition.calibration import Calibration

EVERYBODY = "everybody"

_COPY = 0.1
"""Distance below which two pictures are one photograph, scaled or compressed otherwise: the scale ends there."""

_MANY_COPIES = 0.01  # of all people


@dataclass(frozen=True)
class Album:
    """The pictures that show a face.

    Attributes
    ----------
    paths, vectors, people
        Files, embeddings and people of the pictures, ``n`` each.
    pairs
        Labelled pairs of these pictures.

    """

    paths: list[Path]
    vectors: Vectors
    people: People
    pairs: list[Pair]

    def indices(self, pairs: list[Pair]) -> IndexPairs:
        """Return the places of pairs of pictures, ``(m, 2)``."""
        place = {path: index for index, path in enumerate(self.paths)}
        return np.array([(place[pair.first], place[pair.second]) for pair in pairs], np.int64).reshape(-1, 2)


def run(file: Path, choice: EncoderChoice, rate: float) -> None:
    """Print the measurements and, if there is a manifest, write threshold and rates into it."""
    engine = load_engine(encoder=choice)
    pairs, copies = without_copies(read_pairs(file))
    embeddings = embed_all(pictures(pairs), engine)
    album = _album(embeddings, pairs)
    click.echo(
        f"{len(album.pairs)} pairs of {len(album.paths)} pictures, no face in {len(embeddings.failed)} more; "
        f"{copies} copies of pictures, byte by byte, left out"
    )
    album = _one_person_a_photograph(album, engine.calibration)
    report.print_labelled(album.people, album.vectors, album.indices(album.pairs), engine.calibration, rate)
    everybody, groups = _groups(album, engine.calibration)
    _print_mixed(album)
    measured = [everybody, *groups]
    with _progress("Counting pairs", measured) as tick:
        for group in measured:
            group.histogram(tick)
    large = [group for group in groups if group.large_enough]
    strictest = worst(large, rate) if large else everybody
    table = rate_table(strictest.histogram(), everybody.histogram(), rate)
    threshold = report.raw_threshold(engine.calibration)
    _print_errors(measured, engine.calibration, f"{engine.calibration.threshold:.4g}, the encoder's own", threshold)
    report.print_table(table, strictest, engine.calibration)
    if choice.manifest is not None:
        raw = _write(choice.manifest, table, rate, strictest)
        written = Calibration(engine.calibration.metric, table.rates)
        _print_errors(measured, written, f"of the manifest as written, for a rate of {rate:g}", raw)


def _album(embeddings: Embeddings, pairs: list[Pair]) -> Album:
    """Gather what shows a face; who is who follows from the pairs of one person."""
    kept = [pair for pair in pairs if pair.first in embeddings.of and pair.second in embeddings.of]
    paths = pictures(kept)
    if not paths:
        raise click.ClickException("no pair of pictures shows a face on both")
    album = Album(paths, np.stack([embeddings.of[path] for path in paths]), nobody_known(len(paths)), kept)
    people = merged(album.people, album.indices([pair for pair in kept if pair.same]))
    return Album(paths, album.vectors, people, kept)


def _one_person_a_photograph(album: Album, calibration: Calibration) -> Album:
    """Count as one person whoever shares a photograph, and leave out labelled strangers that are one person.

    Only a calibrated encoder can tell: the distances of another may all be small.
    """
    if not calibration.on_scale:
        click.echo(f"{number(album.people)} people; copies that are not equal byte by byte were not looked for")
        return album
    strangers = Strangers(album.vectors, album.people, calibration.metric)
    people, examples = album.people, []
    with click.progressbar(length=strangers.all_pairs, label="Looking for copies") as bar:
        for near in strangers.nearer_than(report.raw_distance(calibration, _COPY), bar.update):
            people = merged(people, near)
            examples += [f"{album.paths[one].name} = {album.paths[other].name}" for one, other in near[:3].tolist()]
    fewer = number(album.people) - number(people)
    click.echo(f"{number(people)} people")
    if fewer:
        shown = "; ".join(examples[:3])
        click.echo(f"merged {fewer} people with others: a picture of each is practically identical ({shown})")
        if fewer > _MANY_COPIES * number(album.people):
            click.secho(
                "WARNING: that is more than 1 in 100. Look at these pictures before you trust the rates.", fg="red"
            )
    ends = album.indices(album.pairs)
    one_person = people[ends[:, 0]] == people[ends[:, 1]]
    pairs = [pair for pair, same in zip(album.pairs, one_person, strict=True) if pair.same or not same]
    if len(pairs) < len(album.pairs):
        click.echo(f"left out {len(album.pairs) - len(pairs)} pairs labelled as strangers that are of one person")
    return Album(album.paths, album.vectors, people, pairs)


def _groups(album: Album, calibration: Calibration) -> tuple[Group, list[Group]]:
    """Return everybody, and the groups by name: a group's pictures are those of all pairs that name it."""

    def group(name: str, pairs: list[Pair]) -> Group:
        ends = album.indices(pairs)
        members, places = np.unique(ends, return_inverse=True)
        genuine = np.unique(places.reshape(-1, 2)[[pair.same for pair in pairs]], axis=0)
        return Group(name, album.vectors[members], album.people[members], genuine, calibration.metric)

    by_name = sorted((pair for pair in album.pairs if pair.group), key=lambda pair: pair.group)
    groups = [group(name, list(of)) for name, of in itertools.groupby(by_name, lambda pair: pair.group)]
    return group(EVERYBODY, album.pairs), groups


def _print_mixed(album: Album) -> None:
    """Say how many people pairs put into several groups, which is right for overlapping groups only."""
    groups: defaultdict[int, set[str]] = defaultdict(set)
    ends = album.people[album.indices(album.pairs)]
    for pair, people in zip(album.pairs, ends.tolist(), strict=True):
        for person in people if pair.group else ():
            groups[person].add(pair.group)
    mixed = sum(len(names) > 1 for names in groups.values())
    if mixed:
        click.echo(f"{mixed} people are in more than one group: name a group only where both pictures are of it")


def _print_errors(groups: list[Group], calibration: Calibration, title: str, threshold: float) -> None:
    shown = [group for group in groups if group.large_enough or group.name == EVERYBODY]
    with _progress("Resampling people", shown) as tick:
        errors = {group.name: group.errors(threshold, tick) for group in shown}
    report.print_groups(
        groups, errors, calibration, f"threshold {title} ({calibration.metric} distance {threshold:.4f})"
    )


def _write(manifest: Path, table: RateTable, rate: float, group: Group) -> float:
    """Write the table into the manifest and return the raw threshold for the rate.

    Raises
    ------
    click.ClickException
        There are too few pairs for the rate; the manifest stays as it is.

    """
    threshold = table.distance_at(rate)
    if threshold is None:
        raise click.ClickException(
            f"too few pairs of strangers for a rate of {rate:g}: {group.histogram().total} among {group.name}, "
            f"{round(LEAST_PAIRS / rate)} would do; {manifest} is left as it was"
        )
    content = json.loads(manifest.read_text())
    content["threshold"] = threshold
    content["false_match_rates"] = [list(entry) for entry in table.rates]
    manifest.write_text(json.dumps(content, indent=2) + "\n")
    click.echo(f"\nwrote threshold {threshold:.4f} and {len(table.rates)} rates into {manifest}")
    return threshold


@contextmanager
def _progress(label: str, groups: list[Group]) -> Iterator[Tick]:
    with click.progressbar(length=sum(group.strangers.all_pairs for group in groups), label=label) as bar:
        yield bar.update
