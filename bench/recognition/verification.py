"""Compares photographs with other photographs of the same people that are printed on identity cards."""

from contextlib import suppress
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from bench.measures.bootstrap import rate_of, resampled_weights
from bench.measures.error_rates import Rate
from bench.measures.impostors import ImpostorPairs
from bench.measures.people import People
from bench.recognition.embedding import Embeddings, embed_all, selected_chip
from bench.recognition.photographs import PathPair, by_person, genuine_pairs
from bench.recognition.printed_cards import CONDITIONS, Head, captured_card
from worker.vision import EncoderChoice, Engine, Limits, VisionError, load_engine
from worker.vision.documents import open_document
from worker.vision.portrait import crop_portrait
from worker.vision.selection.portrait_selection import select_portrait

_RATES = (1e-3, 1e-4)
_NOT_PRINTED = "another photograph, not printed"
_MIN_PAIRS = 3  # minimum number of matching impostor pairs at a rate, to measure its distance in the folder

Distances = NDArray[np.float64]


def run(folder: Path, choice: EncoderChoice, count: int, seed: int) -> None:
    """Print the false non-match rates by condition."""
    engine = load_engine(encoder=choice)
    people = by_person(folder)
    photographs = embed_all([path for paths in people.values() for path in paths], engine)
    seen = {person: [path for path in paths if path in photographs.by_path] for person, paths in people.items()}
    pairs = genuine_pairs(seen, count, seed)
    owner = {path: number for number, paths in enumerate(seen.values()) for path in paths}
    person = np.array([owner[selfie] for selfie, _ in pairs], np.int32)
    thresholds = _thresholds(photographs, owner, engine)
    click.echo(
        f"{len(pairs)} pairs of {len(set(person.tolist()))} people, no face in {len(photographs.failed)} photographs"
    )
    distances = {_NOT_PRINTED: np.array([photographs.distance(engine, selfie, other) for selfie, other in pairs])}
    distances |= _printed(pairs, photographs, engine, seed)
    click.echo("false non-match rate with 95% intervals by bootstrap over people, at a false match rate of")
    click.echo(f"{'the card':34s}" + "".join(f"{title:28s}" for title in thresholds) + "no face found")
    for name, measured in distances.items():
        _print(name, measured, person, thresholds)


def _thresholds(photographs: Embeddings, owner: dict[Path, int], engine: Engine) -> dict[str, float]:
    """Return the thresholds by title: at rates over all impostor pairs of photographs, and the default."""
    paths = list(photographs.by_path)
    people = np.array([owner[path] for path in paths], np.int32)
    vectors = np.stack([photographs.by_path[path] for path in paths])
    histogram = ImpostorPairs(vectors, people, engine.calibration.metric).histogram()
    default = engine.calibration.threshold
    thresholds = {}
    for rate in _RATES:
        if rate * histogram.total >= _MIN_PAIRS:
            (distance,) = engine.calibration.scaled(np.array([histogram.distance_at(rate)]))
            thresholds[f"1 in {1 / rate:,.0f} ({distance:.3f})"] = float(distance)
        else:
            click.echo(f"too few photographs for a rate of 1 in {1 / rate:,.0f}: {histogram.total} impostor pairs")
    return thresholds | {f"default ({default:.3f})": default}


def _printed(pairs: list[PathPair], photographs: Embeddings, engine: Engine, seed: int) -> dict[str, Distances]:
    """Return the distances between selfies and printed photographs, by condition; infinite without a face."""
    distances = {condition.name: np.full(len(pairs), np.inf) for condition in CONDITIONS}
    random = np.random.default_rng(seed)
    with click.progressbar(pairs, label="Printing and comparing", show_pos=True) as progress:
        for index, (selfie, other) in enumerate(progress):
            printed = head(other.read_bytes(), engine)
            for condition in CONDITIONS:
                with suppress(VisionError):
                    chip = selected_chip(captured_card(printed, condition, random), engine)
                    (embedding,) = engine.embed([chip])
                    distance = engine.calibration.distance(photographs.by_path[selfie], embedding)
                    distances[condition.name][index] = distance
    return distances


def head(photograph: bytes, engine: Engine) -> Head:
    """Return the portrait to print.

    Raises
    ------
    VisionError
        The file cannot be read or has no face.

    """
    with open_document(photograph, Limits()) as document:
        placed = select_portrait(document, engine, portrait_only=True).portrait
        picture = crop_portrait(placed)
        box = placed.face.box
        eyes = float(placed.face.landmarks[:2, 1].mean())
        return Head(picture, max(1.0, box.bottom - eyes))


def _print(name: str, distances: Distances, person: People, thresholds: dict[str, float]) -> None:
    rates = (_missed(distances, person, threshold) for threshold in thresholds.values())
    cells = "".join(f"{_interval_text(rate):28s}" for rate in rates)
    click.echo(f"{name:34s}{cells}{int(np.isinf(distances).sum())}")


def _missed(distances: Distances, person: People, threshold: float) -> Rate:
    missed = distances > threshold
    weights = resampled_weights(person)
    return rate_of(int(missed.sum()), len(missed), missed.astype(np.float64) @ weights / weights.sum(axis=0))


def _interval_text(rate: Rate) -> str:
    low, high = rate.interval
    return f"{rate.value:.1%} ({low:.1%} to {high:.1%})"
