"""What all commands share: who is asked and how, how things are said, and with which status they end."""

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
from face_intake.async_client import AsyncClient
from face_intake.client import Client
from face_intake.errors import FaceIntakeError

out = Console(soft_wrap=True)
said = Console(stderr=True, soft_wrap=True)
"""For people: what a program would not read from standard output."""


_RETRIES = 4
"""Times that a request is sent again where somebody looks on: half a minute at most, unless the service says longer."""


class Exit(IntEnum):
    """How a command ends."""

    FINE = 0
    OUTCOME = 1
    """It worked, and the answer is no: a document failed, two faces do not match, a check is not passed."""
    USAGE = 2
    TROUBLE = 3
    """It did not work: the service could not be reached, or would not have it."""
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Service:
    """Who is asked."""

    url: str
    key: str | None

    def client(self, retries: int = _RETRIES) -> Client:
        return Client(self.url, self.key, retry=requests.retrying(retries))

    def asynchronous(self) -> AsyncClient:
        return AsyncClient(self.url, self.key)


app = typer.Typer(
    name="face-intake",
    help="Put documents through a face extraction service.",
    epilog="Ends with 0 if all is well, 1 if the answer is no (a document without a portrait, no match, a check not "
    "passed), 2 if it was called wrongly, 3 if the service could not be asked, 130 if it was interrupted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs, an object a line.")]


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer's signature
    if wanted:
        out.print(__version__)
        raise typer.Exit


@app.callback()
def service(
    context: typer.Context,
    url: Annotated[str, typer.Option(envvar="FACE_INTAKE_URL", help="The service's address.")] = requests.DEFAULT_URL,
    key_file: Annotated[
        Path | None,
        typer.Option(help="A file with the API key, where one is needed.", exists=True, dir_okay=False, readable=True),
    ] = None,
    key: Annotated[
        str | None, typer.Option(envvar="FACE_INTAKE_KEY", hidden=True, help="The API key; others can see it here.")
    ] = None,
    version: Annotated[  # noqa: ARG001, FBT002 - its callback acts
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Note who is asked."""
    context.obj = Service(url, key_file.read_text().strip() if key_file else key)


def print_json(value: Any) -> None:  # noqa: ANN401 - whatever there is to say
    """Print an object in one line."""
    sys.stdout.write(to_json(value).decode() + "\n")


def portrait_path(folder: Path, file: Path, taken: set[str]) -> Path:
    """Return where a portrait is written: FILE.jpg, with a number where two files of one call share a name."""
    number, name = 1, f"{file.name}.jpg"
    while name in taken:
        number += 1
        name = f"{file.name}-{number}.jpg"
    taken.add(name)
    return folder / name


@contextmanager
def trouble_told() -> Iterator[None]:
    """End with a sentence and a status where something is in the way."""
    try:
        yield
    except (FaceIntakeError, httpx.HTTPError, OSError) as error:
        said.print(f"face-intake: {error}", style="red", markup=False)
        raise typer.Exit(Exit.TROUBLE) from error


def main() -> None:
    """Run the command."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
