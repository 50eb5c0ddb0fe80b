"""Measures missed matches by the quality of a face. The warnings of a comparison are based on these results.

One photograph of each pair is degraded, the other is unchanged. The results are grouped by the measures of
``worker.vision.quality`` for the degraded face, because the warnings use these measures.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import cv2
import numpy as np
from numpy.typing import NDArray

from bench.measures.bootstrap import rate_of, resampled_weights
from bench.recognition.embedding import embed_all
from bench.recognition.photographs import by_person, genuine_pairs
from tests.support.compose import jpeg
from worker.vision import EncoderChoice, Engine, Limits, NoFaceError, Quality, QualityLimits, load_engine
from worker.vision.documents import open_document
from worker.vision.geometry import Image
from worker.vision.quality import assess
from worker.vision.recognition.calibration import Embedding
from worker.vision.selection.portrait_selection import select_portrait

_SEED = 0
_JPEG = 90  # JPEG quality of a degraded photograph

Distances = NDArray[np.float64]
Degrade = Callable[[Image, float], Image]
"""Degrades a photograph. The second argument is the eye distance in pixels."""


@dataclass(frozen=True)
class Series:
    """A kind of degradation.

    Attributes
    ----------
    name
        Name of the measure.
    measure
        Returns the measure of a degraded face.
    degradations
        Degradations to apply to every pair.
    edges
        Edges of the classes by which results are grouped.

    """

    name: str
    measure: Callable[[Quality], float]
    degradations: tuple[Degrade, ...]
    edges: tuple[float, ...]


@dataclass(frozen=True)
class Trial:
    """A degraded face: its measure, its person, and its distances to photographs of that person and of other people."""

    measure: float
    person: int
    genuine: Distances
    impostors: Distances


def reduced(eyes: float) -> Degrade:
    """Return a function that reduces a photograph to this eye distance in pixels."""

    def reduce(picture: Image, eye_distance: float) -> Image:
        return _resized(picture, min(1.0, eyes / eye_distance))

    return reduce


def blurred(sigma: float) -> Degrade:
    """Return a function that blurs a photograph. ``sigma`` is in hundredths of the eye distance."""

    def blur(picture: Image, eye_distance: float) -> Image:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma / 100 * eye_distance), dtype=np.uint8)

    return blur


def unchanged(picture: Image, _eye_distance: float) -> Image:
    """Return the photograph unchanged."""
    return picture


SERIES = (
    Series(
        "eye distance, pixels",
        lambda quality: quality.eye_distance,
        tuple(reduced(eyes) for eyes in (6, 8, 10, 12, 14, 17, 20, 25, 32, 40)),
        (0, 7, 9, 11, 13, 15.5, 18.5, 22.5, 28.5, 36, np.inf),
    ),
    Series(
        "sharpness",
        lambda quality: quality.sharpness,
        tuple(blurred(sigma) for sigma in (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15)),
        (0, 1, 2, 3, 5, 8, 12, 20, 30, 50, np.inf),
    ),
    Series(
        "yaw, degrees",
        lambda quality: abs(quality.yaw),
        (unchanged,),
        (0, 10, 20, 30, 40, 50, 91),
    ),
)


def run(folder: Path, choice: EncoderChoice, count: int) -> None:
    """Print the error rates at the default threshold, by measure."""
    engine = load_engine(encoder=choice)
    people = by_person(folder)
    photographs = embed_all([path for paths in people.values() for path in paths], engine)
    seen = {person: [path for path in paths if path in photographs.by_path] for person, paths in people.items()}
    owner = {path: number for number, paths in enumerate(seen.values()) for path in paths}
    chosen = genuine_pairs(seen, count, _SEED)
    mates: defaultdict[Path, list[Path]] = defaultdict(list)
    for pair in chosen:
        for one, other in (pair, pair[::-1]):
            mates[one].append(other)
    click.echo(f"{len(chosen)} pairs, each photograph degraded in turn; threshold {engine.calibration.threshold}")
    for series in SERIES:
        trials, lost = [], 0
        with click.progressbar(mates.items(), label=series.name) as progress:
            for path, others in progress:
                near = np.stack([photographs.by_path[other] for other in others])
                far = np.stack([photographs.by_path[other] for other in owner if owner[other] != owner[path]])
                for embedding, quality in _degraded(path, series, engine):
                    distances = _distances(embedding, near, engine), _distances(embedding, far, engine)
                    trials.append(Trial(series.measure(quality), owner[path], *distances))
                lost += len(series.degradations)
        _print(series, trials, lost - len(trials), engine.calibration.threshold)


def _degraded(path: Path, series: Series, engine: Engine) -> Iterator[tuple[Embedding, Quality]]:
    """Yield embedding and quality of the face in each degraded photograph. Photographs without a face are skipped."""
    _, picture, quality = _face(path.read_bytes(), engine)
    for degrade in series.degradations:
        try:
            embedding, _, degraded = _face(jpeg(degrade(picture, quality.eye_distance), _JPEG), engine)
        except NoFaceError:
            continue
        yield embedding, degraded


def _face(data: bytes, engine: Engine) -> tuple[Embedding, Image, Quality]:
    """Return the embedding of the face, the whole photograph, and the quality of the face."""
    with open_document(data, Limits()) as document:
        placed = select_portrait(document, engine, portrait_only=True).portrait
        (embedding,) = engine.embed([engine.align(placed)])
        return embedding, document.pages[0].preview(max(document.pages[0].size)), assess(placed, QualityLimits())


def _distances(embedding: Embedding, others: NDArray[np.float32], engine: Engine) -> Distances:
    if engine.calibration.metric == "euclidean":
        return engine.calibration.scaled(np.linalg.norm(others - embedding, axis=1))
    norms = np.linalg.norm(others, axis=1) * np.linalg.norm(embedding)
    return engine.calibration.scaled(np.maximum(0, 1 - others @ embedding / norms))


def _print(series: Series, trials: list[Trial], lost: int, threshold: float) -> None:
    titles = f"{'pairs':>6s}  {'false non-match rate':30s} {'false match rate':>16s}  median distance"
    click.echo(f"\n{series.name:22s} {titles}")
    for low, high, inside in _classes(series, trials):
        if not inside:
            continue
        genuine = np.concatenate([trial.genuine for trial in inside])
        missed = genuine > threshold
        person = np.repeat([trial.person for trial in inside], [len(trial.genuine) for trial in inside])
        weights = resampled_weights(person.astype(np.int32))
        rate = rate_of(int(missed.sum()), len(missed), missed.astype(np.float64) @ weights / weights.sum(axis=0))
        impostors = np.concatenate([trial.impostors for trial in inside])
        bounds = "{:.1%} ({:.1%} to {:.1%})".format(rate.value, *rate.interval)
        matched = float((impostors <= threshold).mean())
        click.echo(f"{low:8g} to {high:8g}   {len(genuine):6d}  {bounds:30s} {matched:16.3%}  {np.median(genuine):.3f}")
    if lost:
        click.echo(f"no face found in {lost} degraded photographs")


def _classes(series: Series, trials: list[Trial]) -> Iterator[tuple[float, float, list[Trial]]]:
    for low, high in zip(series.edges, series.edges[1:], strict=False):
        yield low, high, [trial for trial in trials if low <= trial.measure < high]


def _resized(picture: Image, factor: float) -> Image:
    size = max(1, round(picture.shape[1] * factor)), max(1, round(picture.shape[0] * factor))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
