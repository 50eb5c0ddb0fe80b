"""``face-intake compare``: whether two pictures show the same person."""

from pathlib import Path
from typing import Annotated

import typer

from face_intake.commands.common import Exit, Json, app, out, print_json, said, trouble_told
from face_intake.errors import DocumentError

Picture = Annotated[Path, typer.Argument(exists=True, dir_okay=False, show_default=False)]
Threshold = Annotated[
    float | None, typer.Option(min=0, max=2, help="Distance up to which they match; the service's own if not given.")
]


@app.command()
def compare(
    context: typer.Context,
    selfie: Picture,
    id_photo: Picture,
    threshold: Threshold = None,
    json: Json = False,  # noqa: FBT002
) -> None:
    """Tell whether a selfie and an ID document show the same person; ends with 1 if not."""
    with trouble_told(), context.obj.client() as client:
        try:
            comparison = client.compare_faces(selfie, id_photo, threshold=threshold)
        except DocumentError as error:
            if json:
                print_json({"error": error.problem})
            said.print(error.problem.detail, style="red", markup=False)
            raise typer.Exit(Exit.OUTCOME) from error
    if json:
        print_json(comparison)
    else:
        verdict = "the same person" if comparison.match else "not the same person"
        rate = comparison.false_match_rate
        strangers = (
            "" if rate is None else f"; about 1 in {float(f'{1 / rate:.2g}'):,.0f} pairs of strangers is as close"
        )
        out.print(f"{verdict}: distance {comparison.distance:.3f}, threshold {comparison.threshold:g}{strangers}")
    if not comparison.match:
        raise typer.Exit(Exit.OUTCOME)
