"""``python -m bench selection``: how often the engine chooses the holder's portrait."""

from pathlib import Path

import click

from bench.selection.document_kinds import KINDS
from bench.selection.documents.portraits import load_album
from bench.selection.failures import keep_failures
from bench.selection.measure import Result, measure
from bench.selection.report import print_report
from bench.selection.sources import ComposedSet, LabelledFolder, Source
from worker.vision import Engine, load_engine

_MOST_PHOTOGRAPHS = 600


def run(  # noqa: PLR0913 - the command's options
    photos: Path | None,
    folder: Path | None,
    *,
    count: int = 2000,
    seed: int = 0,
    kinds: str = "",
    keep: Path | None = None,
    turns: bool = False,
    processes: int = 1,
) -> None:
    """Measure documents composed from photographs, or those of a labelled folder, and print the table.

    Parameters
    ----------
    photos
        Folder of face photographs from which documents are composed.
    folder
        Folder with a ``truth.json``, which is measured instead.
    count, seed
        How many documents are composed, and from which seed.
    kinds
        Names of kinds, separated by commas; all if empty.
    keep
        Folder for the documents that are not right.
    turns
        Whether each document of the folder is measured in all four quarter turns.
    processes
        How many processes measure.

    Raises
    ------
    click.ClickException
        Neither or both of the folders are given, a kind is unknown, or a folder has nothing to measure.

    """
    names = tuple(name.strip() for name in kinds.split(",") if name.strip())
    engine = load_engine()
    source: Source
    if photos is not None and folder is None:
        source = _composed(photos, names, count, seed, engine)
    elif folder is not None and photos is None:
        source = LabelledFolder(folder, names, turns=turns)
    else:
        raise click.UsageError("give either PHOTOS or --folder")
    results: list[Result] = []
    with click.progressbar(measure(source, engine, processes), length=len(source), label="Measuring") as progress:
        results.extend(progress)
    if not results:
        raise click.ClickException("no documents to measure")
    print_report(results)
    if keep is not None:
        click.echo(f"{keep_failures(keep, source, results)} documents in {keep}")


def _composed(photos: Path, names: tuple[str, ...], count: int, seed: int, engine: Engine) -> ComposedSet:
    unknown = sorted(set(names) - set(KINDS))
    if unknown:
        raise click.UsageError(f"unknown kinds: {', '.join(unknown)}; known: {', '.join(KINDS)}")
    album = load_album(photos, min(_MOST_PHOTOGRAPHS, 2 * count), seed, engine)
    return ComposedSet(album, seed, count, names or tuple(KINDS))
