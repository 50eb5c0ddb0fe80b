"""``face-intake doctor``: whether a deployment works, and what to do where it does not."""

import httpx
import typer

from face_intake.commands.common import Exit, Json, Service, app, out, print_json, trouble_told
from face_intake.diagnostics import examine

_PATIENCE = 60.0  # seconds for one answer


@app.command()
def doctor(context: typer.Context, json: Json = False) -> None:  # noqa: FBT002
    """Check a deployment: versions, clock, Redis, workers, storage, models. Ends with 1 if something is wrong."""
    service: Service = context.obj
    healthy = True
    # A symptom is reported, not waited for.
    with (
        trouble_told(),
        service.client(retries=0) as client,
        httpx.Client(base_url=service.url, timeout=_PATIENCE) as http,
    ):
        for check in examine(client, http):
            healthy &= check.ok
            if json:
                print_json(check)
                continue
            mark = "[green]ok[/]   " if check.ok else "[red]wrong[/]"
            out.print(f"{mark} {check.name:9}", end=" ")
            out.print(check.seen, markup=False, highlight=False)
            if check.advice:
                out.print(f"      {check.advice}", markup=False, highlight=False)
    if not healthy:
        raise typer.Exit(Exit.OUTCOME)
