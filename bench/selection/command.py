"""``python -m bench selection``: measure how often the engine selects the holder's portrait."""

from pathlib import Path

import click

from bench.selection.document_kinds import KINDS
from bench.selection.documents.portraits import load_portraits
from bench.selection.failures import save_failures
from bench.selection.measure import Result, measure
from bench.selection.report import print_report
from bench.selection.sources import ComposedSet, LabelledFolder, Source
from worker.vision import Engine, load_engine

_MAX_PHOTOGRAPHS = 600


def run(  # noqa: PLR0913 - the options of the command
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
    """Measure composed documents or the documents of a labelled folder, and print the table.

    Parameters
    ----------
    photos
        Folder of face photographs from which documents are composed.
    folder
        Labelled folder with a ``truth.json``, instead of ``photos``.
    count, seed
        Number of documents to compose, and the seed.
    kinds
        Kinds of documents, separated by commas; all if empty.
    keep
        Folder for the documents with a wrong choice.
    turns
        Whether each document of the folder is measured in all four orientations.
    processes
        Number of processes.

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
        raise click.UsageError("Give either PHOTOS or --folder.")
    results: list[Result] = []
    with click.progressbar(measure(source, engine, processes), length=len(source), label="Measuring") as progress:
        results.extend(progress)
    if not results:
        raise click.ClickException("there are no documents to measure")
    print_report(results)
    if keep is not None:
        click.echo(f"{save_failures(keep, source, results)} documents in {keep}")


def _composed(photos: Path, names: tuple[str, ...], count: int, seed: int, engine: Engine) -> ComposedSet:
    unknown = sorted(set(names) - set(KINDS))
    if unknown:
        raise click.UsageError(f"unknown kinds: {', '.join(unknown)}; known: {', '.join(KINDS)}")
    portraits = load_portraits(photos, min(_MAX_PHOTOGRAPHS, 2 * count), seed, engine)
    return ComposedSet(portraits, seed, count, names or tuple(KINDS))
