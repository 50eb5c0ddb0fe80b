"""The official protocol of Labeled Faces in the Wild: 6,000 pairs in ten folds (pairs.txt, view 2).

Huang, Ramesh, Berg, Learned-Miller: "Labeled Faces in the Wild", University of Massachusetts, 2007.
"""

from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from bench.measures import error_rates
from bench.recognition.embedding import central_chip, embed_all, selected_chip
from worker.vision import EncoderChoice, load_engine


@dataclass(frozen=True)
class Pair:
    """Two pictures, whether they show the same person, and their fold."""

    first: Path
    second: Path
    same: bool
    fold: int


def run(directory: Path, choice: EncoderChoice, *, central: bool) -> None:
    """Print the accuracy, points of the ROC curve, and pictures without a detected face."""
    engine = load_engine(encoder=choice)
    pairs = read_pairs(directory)
    chip = central_chip if central else selected_chip
    embeddings = embed_all([path for pair in pairs for path in (pair.first, pair.second)], engine, chip)
    distances = np.array([embeddings.distance(engine, pair.first, pair.second) for pair in pairs])
    same = np.array([pair.same for pair in pairs])
    folds = np.array([pair.fold for pair in pairs])
    finite = np.where(np.isfinite(distances), distances, np.nanmax(distances[np.isfinite(distances)]) + 1)
    mean, error = error_rates.ten_fold(finite, same, folds)
    click.echo(f"pairs                     {len(pairs)} ({same.sum()} of one person), {len(set(folds))} folds")
    click.echo(
        f"failures to detect        {len(embeddings.failed)} of {len(embeddings.by_path) + len(embeddings.failed)}"
    )
    for path in embeddings.failed:
        click.echo(f"  {path.name}")
    click.echo(f"accuracy, 10-fold         {mean:.4%} +- {error:.4%}")
    default = engine.calibration.threshold
    click.echo(f"accuracy at {default:.3f}         {error_rates.accuracy(finite, same, default):.4%}")
    for rate in (1e-2, 1e-3):
        threshold = error_rates.threshold_at(finite, same, rate)
        missed = error_rates.false_non_match(finite, same, threshold)
        click.echo(f"true match rate at {rate:.0e}  {1 - missed.value:.4%}, threshold {threshold:.4f}")


def read_pairs(directory: Path) -> list[Pair]:
    """Read pairs.txt: folds and pairs per fold, then lines "name i j" (one person) and "name i name j" (two people)."""
    file = next((path for path in (directory / "pairs.txt", directory.parent / "pairs.txt") if path.is_file()), None)
    if file is None:
        raise click.ClickException(f"no pairs.txt in {directory} or its parent folder")
    lines = [line.split() for line in file.read_text().splitlines() if line.strip()]
    pairs_a_fold = 2 * int(lines[0][-1])
    pictures = _pictures(directory)
    pairs = []
    for number, parts in enumerate(lines[1:]):
        if len(parts) == 3:  # noqa: PLR2004 - the two formats of a line
            one, other = (parts[0], parts[1]), (parts[0], parts[2])
        else:
            one, other = (parts[0], parts[1]), (parts[2], parts[3])
        first, second = (_picture(pictures, name, int(index)) for name, index in (one, other))
        pairs.append(Pair(first, second, one[0] == other[0], number // pairs_a_fold))
    return pairs


def _pictures(directory: Path) -> dict[str, Path]:
    """Index the pictures by file name. The archive has one folder per person; other copies are flat."""
    return {path.stem: path for pattern in ("*.jpg", "*.png") for path in directory.rglob(pattern)}


def _picture(pictures: dict[str, Path], name: str, index: int) -> Path:
    stem = f"{name}_{index:04d}"
    if stem not in pictures:
        raise click.ClickException(f"no picture {stem}")
    return pictures[stem]
