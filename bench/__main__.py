"""``python -m bench``: speed beside the reference; ``service``, ``intake``: all of it; others: accuracy."""

from pathlib import Path

import click

from bench import (
    calibrate as calibration,
    intake as folder,
    lfw as faces_in_the_wild,
    service as whole,
    speed as timing,
)


@click.group(invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    """Measure the vision engine. Without a command: speed."""
    if context.invoked_subcommand is None:
        context.invoke(speed)


@main.command()
@click.option("--repeat", default=9, show_default=True, help="Runs of our engine for each row; the median counts.")
def speed(repeat: int) -> None:
    """Time our engine beside the reference on one pinned core, by document and by stage."""
    timing.run(repeat)


@main.command()
@click.option("--backlog", default=100_000, show_default=True, help="Waiting jobs of the longer backlog.")
def service(backlog: int) -> None:
    """Measure the whole service beside the bare engine: throughput, latency, priority, and a long backlog."""
    whole.run(backlog)


@main.command()
@click.option("--count", default=500, show_default=True, help="Documents in the folder.")
def intake(count: int) -> None:
    """Measure ``face-intake intake`` beside the bare engine on the same folder."""
    folder.run(count)


@main.command()
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--face", type=click.Choice(["central", "selected"]), default="central", show_default=True)
@click.option("--manifest", type=click.Path(exists=True, path_type=Path), help="Of an encoder of your own.")
def lfw(directory: Path, face: str, manifest: Path | None) -> None:
    """Run the official LFW protocol on DIRECTORY, which holds pairs.txt and the pictures."""
    faces_in_the_wild.run(directory, central=face == "central", manifest=manifest)


@main.command()
@click.argument("pairs", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--manifest", type=click.Path(exists=True, path_type=Path), help="Of the encoder; updated in place.")
@click.option("--rate", default=1e-3, show_default=True, help="False match rate to set the threshold at.")
def calibrate(pairs: Path, manifest: Path | None, rate: float) -> None:
    """Measure an encoder on labelled PAIRS (CSV: first, second, same, and group if you like).

    Prints error rates by threshold and by group, and writes threshold and rates into the manifest, if one is given.
    """
    calibration.run(pairs, manifest, rate)


if __name__ == "__main__":
    main()
