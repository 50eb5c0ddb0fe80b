"""``face-intake status``: show the state of the service, a job or a batch."""

from typing import Annotated

import typer
from rich.table import Table

from face_intake.commands.common import Exit, Json, app, err, out, print_json, report_errors
from face_intake.errors import JobError
from face_intake.models import Batch, Job, Load

JobId = Annotated[str | None, typer.Argument(help="Id of a job. Default: the whole service.", show_default=False)]
BatchName = Annotated[str | None, typer.Option("--batch", help="Name of a batch.")]


@app.command()
def status(context: typer.Context, job: JobId = None, batch: BatchName = None, json: Json = False) -> None:  # noqa: FBT002
    """Show the state of the service, a job or a batch. The exit status is 1 if the job or batch does not exist."""
    with report_errors(), context.obj.client() as client:
        try:
            found = client.job(job) if job else client.batch(batch) if batch else client.stats()
        except JobError as error:
            err.print(error.problem.detail, style="red", markup=False)
            raise typer.Exit(Exit.NEGATIVE) from error
    if json:
        print_json(found)
        return
    table = Table(show_header=False, box=None)
    for name, value in _lines(found):
        table.add_row(name, str(value))
    out.print(table)


def _lines(found: Job | Batch | Load) -> list[tuple[str, object]]:
    if isinstance(found, Load):
        queues = [(f"queued, {name}", queue.waiting) for name, queue in found.queues.items()]
        rate = f"{found.ended_last_minute} in the last minute, {found.ended_per_second:g}/s"
        wait = f"{found.mean_wait_seconds:g} s on average"
        return [*queues, ("running", found.running), ("workers", found.workers), ("ended", rate), ("queue time", wait)]
    if isinstance(found, Batch):
        states = ("queued", "running", "succeeded", "failed", "cancelled", "total")
        counts = [(state, getattr(found, state)) for state in states]
        end = f"{found.estimated_end:%H:%M:%S} UTC" if found.estimated_end else "-"
        return [*counts, ("rate", f"{found.ended_per_second:g}/s"), ("estimated end", end)]
    lines: list[tuple[str, object]] = [("job", found.id), ("kind", found.kind), ("status", found.status)]
    if found.place:
        lines.append(("jobs ahead", found.place.ahead))
    if found.error:
        lines.append((found.error.code, found.error.detail))
    return lines
