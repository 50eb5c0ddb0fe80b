"""Shared parts of the commands: the connection to the service, output, and exit statuses."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from pydantic_core import to_json
from rich.console import Console

from face_intake import __version__, requests
from face_intake.client import Client
from face_intake.errors import FaceIntakeError

out = Console(soft_wrap=True)
err = Console(stderr=True, soft_wrap=True)
"""Messages for people, on standard error."""


_MAX_RETRIES = 4
"""Retries of interactive commands: half a minute at most, unless the service asks for longer delays."""


class Exit(IntEnum):
    """Exit status of a command."""

    OK = 0
    NEGATIVE = 1
    """The command worked, and the result is negative: a document failed, two faces do not match, or a check failed."""
    USAGE = 2
    ERROR = 3
    """The command did not work: the service could not be reached or rejected the request, or a file failed."""
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Service:
    """URL and API key of the service."""

    url: str
    key: str | None

    def client(self, retries: int = _MAX_RETRIES) -> Client:
        return Client(self.url, self.key, retry=requests.retry_policy(retries))


app = typer.Typer(
    name="face-intake",
    help="Extract and compare faces with a face extraction service.",
    epilog="Exit status: 0 success; 1 negative result (a document without a portrait, no match, a failed check); "
    "2 wrong usage; 3 error (the service could not be reached or rejected the request); 130 interrupted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object per line.")]


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer's signature
    if wanted:
        out.print(__version__)
        raise typer.Exit


@app.callback()
def service(
    context: typer.Context,
    url: Annotated[str, typer.Option(envvar="FACE_INTAKE_URL", help="URL of the service.")] = requests.DEFAULT_URL,
    key_file: Annotated[
        Path | None,
        typer.Option(
            help="File with the API key, if the service requires one.", exists=True, dir_okay=False, readable=True
        ),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            envvar="FACE_INTAKE_KEY", hidden=True, help="API key. Other users can see it in the process list."
        ),
    ] = None,
    version: Annotated[  # noqa: ARG001, FBT002 - its callback runs
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Store the connection for the command."""
    context.obj = Service(url, key_file.read_text().strip() if key_file else key)


def print_json(value: Any) -> None:  # noqa: ANN401 - any serialisable value
    """Print an object as one line of JSON."""
    sys.stdout.write(to_json(value).decode() + "\n")


def portrait_path(folder: Path, file: Path, taken: set[str]) -> Path:
    """Return the path of a portrait: FILE.jpg, with a number if two input files have the same name."""
    number, name = 1, f"{file.name}.jpg"
    while name in taken:
        number += 1
        name = f"{file.name}-{number}.jpg"
    taken.add(name)
    return folder / name


@contextmanager
def report_errors() -> Iterator[None]:
    """Print an error as one line and exit with :attr:`Exit.ERROR`."""
    try:
        yield
    except (FaceIntakeError, httpx.HTTPError, OSError) as error:
        err.print(f"face-intake: {error}", style="red", markup=False)
        raise typer.Exit(Exit.ERROR) from error


def main() -> None:
    """Run the command."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
