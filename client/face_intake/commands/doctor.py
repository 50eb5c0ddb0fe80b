"""``face-intake doctor``: check a deployment and advise what to do about failures."""

import httpx
import typer

from face_intake.commands.common import Exit, Json, Service, app, out, print_json, report_errors
from face_intake.diagnostics import run_checks

_TIMEOUT = 60.0  # seconds for one response


@app.command()
def doctor(context: typer.Context, json: Json = False) -> None:  # noqa: FBT002
    """Check a deployment: versions, clock, Redis, workers, storage and models.

    The exit status is 1 if a check fails.
    """
    service: Service = context.obj
    healthy = True
    # Report a failure at once instead of retrying.
    with (
        report_errors(),
        service.client(retries=0) as client,
        httpx.Client(base_url=service.url, timeout=_TIMEOUT) as http,
    ):
        for check in run_checks(client, http):
            healthy &= check.ok
            if json:
                print_json(check)
                continue
            mark = "[green]ok[/]    " if check.ok else "[red]failed[/]"
            out.print(f"{mark} {check.name:9}", end=" ")
            out.print(check.seen, markup=False, highlight=False)
            if check.advice:
                out.print(f"       {check.advice}", markup=False, highlight=False)
    if not healthy:
        raise typer.Exit(Exit.NEGATIVE)
