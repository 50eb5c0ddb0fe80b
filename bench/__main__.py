"""``python -m bench``: measures the speed of engine, service and client, and the accuracy of the engine."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from bench.performance import backlog as queue, engine as timing, folder, scale as containers, service as whole
from bench.recognition import (
    calibrate as calibration,
    degradation as degraded,
    lfw as faces_in_the_wild,
    verification as printed,
)
from bench.selection import command as holder
from worker.vision import EncoderChoice, EncoderName

Command = TypeVar("Command", bound=Callable[..., None])


def _encoder(command: Command) -> Command:
    """Add the options that select an encoder."""
    file = click.Path(exists=True, dir_okay=False, path_type=Path)
    command = click.option("--manifest", type=file, help="Manifest of your own encoder, instead of --encoder.")(command)
    names = click.Choice(["sface", "dlib"])
    return click.option("--encoder", type=names, default="sface", show_default=True)(command)


def _ascending(_context: click.Context, _option: click.Parameter, text: str) -> list[int]:
    """Return the numbers of an option. Its text separates them with commas."""
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if not numbers or min(numbers) < 1 or numbers != sorted(set(numbers)):
        raise click.BadParameter("Use whole numbers from 1, in ascending order, with commas between them.")
    return numbers


@click.group(invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    """Measure the vision engine. Without a command: speed."""
    if context.invoked_subcommand is None:
        context.invoke(speed)


@main.command()
@click.option("--repeat", default=9, show_default=True, help="Runs of our engine per row. The row shows the median.")
def speed(repeat: int) -> None:
    """Compare the speed of our engine with the reference on one pinned core, by document and by stage."""
    timing.run(repeat)


@main.command()
@click.option("--backlog", default=100_000, show_default=True, help="Queued jobs of the longer backlog.")
def service(backlog: int) -> None:
    """Compare the service with the engine alone: throughput, latency, priority, and a long backlog."""
    whole.run(backlog)


@main.command()
@click.option("--count", default=500, show_default=True, help="Documents in the folder.")
def intake(count: int) -> None:
    """Compare ``face-intake intake`` with the engine alone on the same folder."""
    folder.run(count)


@main.command()
@click.option(
    "--depths",
    default="1000,10000,100000",
    callback=_ascending,
    show_default=True,
    help="Numbers of queued jobs, in ascending order.",
)
@click.option("--sample", default=400, show_default=True, type=click.IntRange(min=1), help="Jobs per measurement.")
def backlog(depths: list[int], sample: int) -> None:
    """Measure the cost of a job with few and with many queued jobs."""
    queue.run(depths, sample)


@main.command()
@click.option(
    "--workers",
    default="1,2,4",
    callback=_ascending,
    show_default=True,
    help="Numbers of worker containers, in ascending order.",
)
@click.option("--share", default=0.25, show_default=True, help="Cores that each worker container may use.")
@click.option("--seconds", default=20.0, show_default=True, help="Duration of each measurement.")
def scale(workers: list[int], share: float, seconds: float) -> None:
    """Measure docker-compose.yml with several worker containers. Needs Docker with Compose v2."""
    containers.run(workers, share, seconds)


@main.command()
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--face", type=click.Choice(["central", "selected"]), default="central", show_default=True)
@_encoder
def lfw(directory: Path, face: str, encoder: EncoderName, manifest: Path | None) -> None:
    """Run the official LFW protocol on DIRECTORY, which contains pairs.txt and the pictures."""
    faces_in_the_wild.run(directory, EncoderChoice(encoder, manifest), central=face == "central")


@main.command()
@click.argument("pairs", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_encoder
@click.option("--rate", default=1e-3, show_default=True, help="False match rate that sets the manifest's threshold.")
def calibrate(pairs: Path, encoder: EncoderName, manifest: Path | None, rate: float) -> None:
    """Measure an encoder on labelled PAIRS (a CSV file with the columns first, second, same, and optionally group).

    Prints the error rates by group of people, over all pairs of pictures of different people. With --manifest, the
    command writes the threshold and the rates of the group with the most false matches to that file.
    """
    calibration.run(pairs, EncoderChoice(encoder, manifest), rate)


@main.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@_encoder
@click.option("--pairs", default=500, show_default=True, help="Maximum number of pairs of the same person.")
@click.option("--seed", default=0, show_default=True, help="Seed for the choice of pairs and for the noise.")
def verification(folder: Path, encoder: EncoderName, manifest: Path | None, pairs: int, seed: int) -> None:
    """Compare photographs with other photographs of the same people printed on cards.

    FOLDER contains photographs named Person_0001.jpg, flat or in one folder per person.
    """
    printed.run(folder, EncoderChoice(encoder, manifest), pairs, seed)


@main.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@_encoder
@click.option("--pairs", default=300, show_default=True, help="Maximum number of pairs of the same person.")
def evidence(folder: Path, encoder: EncoderName, manifest: Path | None, pairs: int) -> None:
    """Measure missed matches by eye distance, sharpness and yaw. FOLDER has the layout of verification."""
    degraded.run(folder, EncoderChoice(encoder, manifest), pairs)


@main.command()
@click.argument("photos", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Labelled folder with truth.json, instead of PHOTOS.",
)
@click.option("--turns", is_flag=True, help="Measure each picture of --folder in all four orientations.")
@click.option("--count", default=2000, show_default=True, help="Number of documents to compose.")
@click.option("--seed", default=0, show_default=True, help="Seed of the composition.")
@click.option("--kinds", default="", help="Kinds of documents, separated by commas. Default: all.")
@click.option(
    "--keep", type=click.Path(file_okay=False, path_type=Path), help="Folder for the documents with a wrong choice."
)
@click.option("--processes", default=1, show_default=True, type=click.IntRange(min=1))
def selection(  # noqa: PLR0913, PLR0917 - the options of the command
    photos: Path | None,
    folder: Path | None,
    turns: bool,  # noqa: FBT001 - from click
    count: int,
    seed: int,
    kinds: str,
    keep: Path | None,
    processes: int,
) -> None:
    """Count how often the engine chooses the holder's portrait, on documents composed from PHOTOS.

    PHOTOS is a folder of face photographs named Person_0001.jpg.
    """
    holder.run(photos, folder, count=count, seed=seed, kinds=kinds, keep=keep, turns=turns, processes=processes)


if __name__ == "__main__":
    main()
