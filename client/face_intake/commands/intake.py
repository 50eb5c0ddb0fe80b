"""``face-intake intake``: a folder of documents, each once, however often it is interrupted."""

import asyncio
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from face_intake.commands.common import Exit, Json, Service, app, print_json, said, trouble_told
from face_intake.folder import Intake, Ledger, Plan, Tally, documents_in, write_table

Folder = Annotated[
    Path, typer.Argument(exists=True, file_okay=False, help="Its documents, those of subfolders included.")
]
Out = Annotated[Path, typer.Option(help="The table to write (CSV), a row a document.", dir_okay=False)]
Portraits = Annotated[Path | None, typer.Option(help="Folder to write the portraits to.", file_okay=False)]
BatchName = Annotated[
    str | None, typer.Option("--batch", help="The batch's name; made from the folder's if not given.")
]
AtOnce = Annotated[int, typer.Option(min=1, max=64, help="Documents on their way at a time.")]
Retry = Annotated[bool, typer.Option("--retry-failures", help="Send again what failed before.")]


@app.command()
def intake(  # noqa: PLR0913, PLR0917 - its options
    context: typer.Context,
    folder: Folder,
    out: Out,
    portraits: Portraits = None,
    batch: BatchName = None,
    at_once: AtOnce = 8,
    retry_failures: Retry = False,  # noqa: FBT002
    json: Json = False,  # noqa: FBT002
) -> None:
    """Put a folder of documents through the service and write a table of what came out.

    It may be interrupted at any time, by whatever: the same command goes on, and sends nothing twice. What is known is
    kept beside the table, in OUT.ledger; remove that to begin anew. Ends with 1 if a document has no portrait.

    Sends the files whose suffix is one of a format that the service accepts, such as .jpg or .pdf.
    """
    began = time.monotonic()
    with trouble_told():
        out.parent.mkdir(parents=True, exist_ok=True)
        ledger_path = out.with_name(f"{out.name}.ledger")
        try:
            ledger = Ledger(ledger_path)
        except sqlite3.DatabaseError as error:
            said.print(f"face-intake: {ledger_path}: {error}; is another face-intake at it?", style="red", markup=False)
            raise typer.Exit(Exit.TROUBLE) from error
        with ledger:
            name = ledger.fact("batch", batch or _batch_name(folder))
            known = ledger.fact("folder", str(folder.resolve()))
            if batch not in {None, name} or known != str(folder.resolve()):
                words = f"face-intake: {ledger_path} is of the batch {name} and the folder {known}; name another --out"
                said.print(words, style="red", markup=False)
                raise typer.Exit(Exit.USAGE)
            with context.obj.client() as client:
                # Ask before anything is sent: a guess could leave documents out without an error.
                ledger.add(documents_in(folder, client.info().suffixes))
            if retry_failures:
                ledger.retry_failures()
            before = ledger.tally()
            try:
                _work(context.obj, ledger, Plan(folder, name, portraits, at_once), before.ended)
            finally:
                write_table(out, ledger.rows())
                tally = ledger.tally()
                _tell(tally, tally.ended - before.ended, time.monotonic() - began, name, json=json)
    if tally.failed:
        raise typer.Exit(Exit.OUTCOME)


def _work(service: Service, ledger: Ledger, plan: Plan, before: int) -> None:
    """Work the plan off, with a bar for people."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]} failed, {task.fields[rate]:.1f}/s"),
        TimeRemainingColumn(),
    )
    began = time.monotonic()
    with Progress(*columns, console=said) as progress:
        task = progress.add_task(plan.batch, total=None, failed=0, rate=0.0)

        def show() -> None:
            tally = ledger.tally()
            rate = (tally.ended - before) / max(time.monotonic() - began, 0.001)
            progress.update(task, total=tally.total, completed=tally.ended, failed=tally.failed, rate=rate)

        try:
            asyncio.run(_run(service, ledger, plan, _Seldom(show)))
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None
        finally:
            show()


async def _run(service: Service, ledger: Ledger, plan: Plan, changed: "_Seldom") -> None:
    task = asyncio.current_task()
    if task:
        with suppress(NotImplementedError):  # where there is no such signal
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)  # as Ctrl-C does
    async with service.asynchronous() as client:
        await Intake(client, ledger, plan, changed).run()


class _Seldom:
    """Calls a function at most a few times a second: counting a hundred thousand rows takes milliseconds."""

    _EVERY = 0.25  # seconds

    def __init__(self, function: Callable[[], None]) -> None:
        self._function = function
        self._due = 0.0

    def __call__(self) -> None:
        if (now := time.monotonic()) >= self._due:
            self._due = now + self._EVERY
            self._function()


def _tell(tally: Tally, new: int, seconds: float, batch: str, *, json: bool) -> None:
    complete = tally.ended == tally.total
    rate = new / seconds if seconds else 0.0
    if json:
        summary = {
            "batch": batch,
            "total": tally.total,
            "ended": tally.ended,
            "failed": tally.failed,
            "complete": complete,
        }
        print_json({**summary, "ended_now": new, "seconds": round(seconds, 2), "per_second": round(rate, 2)})
    else:
        words = f"{tally.ended} of {tally.total} documents ended, {tally.failed} without a portrait"
        said.print(f"{words}; {new} in {seconds:.1f} s, {rate:.1f}/s", markup=False, highlight=False)
        if not complete:
            said.print("The same command goes on from here.", markup=False)


def _batch_name(folder: Path) -> str:
    """Return a name that the service takes, and that nobody else's folder of the same name has."""
    kept = "".join(character for character in folder.resolve().name if character.isascii() and character.isalnum())
    return f"{kept[:40] or 'intake'}-{time.strftime('%Y%m%d-%H%M%S')}"
