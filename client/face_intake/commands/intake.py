"""``face-intake intake``: process a folder of documents. An interrupted run can be continued."""

import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from face_intake import requests
from face_intake.commands.common import Exit, Json, Service, app, err, print_json, report_errors
from face_intake.folder import Counts, FolderProcessor, Ledger, ProcessingOptions, find_documents, write_table

Folder = Annotated[
    Path, typer.Argument(exists=True, file_okay=False, help="Folder of the documents. Subfolders are included.")
]
Out = Annotated[Path, typer.Option(help="Table to write (CSV), one row per document.", dir_okay=False)]
Portraits = Annotated[Path | None, typer.Option(help="Folder for the portraits.", file_okay=False)]
BatchName = Annotated[
    str | None, typer.Option("--batch", help="Name of the batch. Default: made from the folder's name.")
]
AtOnce = Annotated[int, typer.Option(min=1, max=64, help="Number of concurrent submissions.")]
Retry = Annotated[bool, typer.Option("--retry-failures", help="Submit failed documents again.")]


@app.command()
def intake(  # noqa: PLR0913, PLR0917 - the options of the command
    context: typer.Context,
    folder: Folder,
    out: Out,
    portraits: Portraits = None,
    batch: BatchName = None,
    at_once: AtOnce = 8,
    retry_failures: Retry = False,  # noqa: FBT002
    json: Json = False,  # noqa: FBT002
) -> None:
    """Process a folder of documents and write a table of the results.

    You can interrupt the command at any time. Run the same command again to continue; it submits no document twice.
    The progress is stored next to the table, in OUT.ledger. Remove that file to start over.

    The command submits the files that have a suffix of an accepted format, such as .jpg or .pdf. The exit status is 1
    if a document has no portrait.
    """
    started = time.monotonic()
    with report_errors():
        out.parent.mkdir(parents=True, exist_ok=True)
        ledger_path = out.with_name(f"{out.name}.ledger")
        try:
            ledger = Ledger(ledger_path)
        except sqlite3.DatabaseError as error:
            message = f"{ledger_path}: {error}. Another face-intake may be using this file."
            err.print(f"face-intake: {message}", style="red", markup=False)
            raise typer.Exit(Exit.ERROR) from error
        with ledger:
            name = ledger.get_or_set("batch", batch or _batch_name(folder))
            known_folder = ledger.get_or_set("folder", str(folder.resolve()))
            if batch not in {None, name} or known_folder != str(folder.resolve()):
                message = (
                    f"{ledger_path} belongs to the batch {name} and the folder {known_folder}. Choose another --out."
                )
                err.print(f"face-intake: {message}", style="red", markup=False)
                raise typer.Exit(Exit.USAGE)
            with context.obj.client() as client:
                # Ask the service for its formats first: a guess could leave documents out without an error.
                ledger.add(find_documents(folder, client.info().suffixes))
            if retry_failures:
                ledger.retry_failures()
            before = ledger.counts()
            try:
                _process(context.obj, ledger, ProcessingOptions(folder, name, portraits, at_once), before.ended)
            finally:
                write_table(out, ledger.rows())
                counts = ledger.counts()
                _print_summary(counts, counts.ended - before.ended, time.monotonic() - started, name, json=json)
    if counts.failed:
        raise typer.Exit(Exit.NEGATIVE)


def _process(service: Service, ledger: Ledger, options: ProcessingOptions, before: int) -> None:
    """Process the folder and show a progress bar."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]} failed, {task.fields[rate]:.1f}/s"),
        TimeRemainingColumn(),
    )
    started = time.monotonic()
    with Progress(*columns, console=err) as progress:
        task = progress.add_task(options.batch, total=None, failed=0, rate=0.0)

        def show() -> None:
            counts = ledger.counts()
            rate = (counts.ended - before) / max(time.monotonic() - started, 0.001)
            progress.update(task, total=counts.total, completed=counts.ended, failed=counts.failed, rate=rate)

        signal.signal(signal.SIGTERM, signal.default_int_handler)  # like Ctrl-C
        try:
            with service.client(requests.MAX_RETRIES) as client:
                FolderProcessor(client, ledger, options, _Throttled(show)).run()
        finally:
            show()


class _Throttled:
    """Calls a function at most four times a second, because counting a hundred thousand rows takes milliseconds."""

    _INTERVAL = 0.25  # seconds

    def __init__(self, function: Callable[[], None]) -> None:
        self._function = function
        self._due = 0.0

    def __call__(self) -> None:
        if (now := time.monotonic()) >= self._due:
            self._due = now + self._INTERVAL
            self._function()


def _print_summary(counts: Counts, new: int, seconds: float, batch: str, *, json: bool) -> None:
    complete = counts.ended == counts.total
    rate = new / seconds if seconds else 0.0
    if json:
        summary = {
            "batch": batch,
            "total": counts.total,
            "ended": counts.ended,
            "failed": counts.failed,
            "complete": complete,
        }
        print_json({**summary, "ended_now": new, "seconds": round(seconds, 2), "per_second": round(rate, 2)})
    else:
        summary_line = f"{counts.ended} of {counts.total} documents ended, {counts.failed} without a portrait"
        err.print(f"{summary_line}; {new} in {seconds:.1f} s, {rate:.1f}/s", markup=False, highlight=False)
        if not complete:
            err.print("Run the same command again to continue.", markup=False)


def _batch_name(folder: Path) -> str:
    """Return a valid batch name that differs from those of other folders with the same name."""
    letters = "".join(character for character in folder.resolve().name if character.isascii() and character.isalnum())
    return f"{letters[:40] or 'intake'}-{time.strftime('%Y%m%d-%H%M%S')}"
