"""``face-intake compare``: compare the faces in two pictures."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from face_intake.commands.common import Exit, Json, app, err, out, portrait_path, print_json, report_errors
from face_intake.errors import DocumentError
from face_intake.results import Comparison, ComparisonWarning

Picture = Annotated[Path, typer.Argument(exists=True, dir_okay=False, show_default=False)]
Threshold = Annotated[
    float | None,
    typer.Option(min=0, max=2, help="Largest distance that counts as a match. Default: the service's threshold."),
]
Rate = Annotated[
    float | None,
    typer.Option(
        min=0, max=1, help="Accepted rate at which strangers match, instead of a threshold. 0.0001 is 1 in 10,000."
    ),
]
Portraits = Annotated[
    Path | None, typer.Option(help="Folder for the two faces, each written as FILE.jpg.", file_okay=False)
]

_LARGEST_RATE = 0.1
"""The largest measured rate. Larger rates are extrapolated."""

_ADVICE = {
    "too_small": "is too small; move the camera closer, or scan at a higher resolution",
    "blurred": "is blurred; hold the camera still and let it focus",
    "turned_away": "is turned away; take a picture with the face towards the camera",
}


@app.command()
def compare(  # noqa: PLR0913, PLR0917 - the options of the command
    context: typer.Context,
    selfie: Picture,
    id_photo: Picture,
    threshold: Threshold = None,
    false_match_rate: Rate = None,
    portraits: Portraits = None,
    json: Json = False,  # noqa: FBT002
) -> None:
    """Compare a selfie with an ID document. The exit status is 1 if they show different people."""
    if threshold is not None and false_match_rate is not None:
        raise typer.BadParameter("Use --threshold or --false-match-rate, not both.")
    files = {"selfie": selfie, "id_photo": id_photo}
    with report_errors(), context.obj.client() as client:
        try:
            comparison = client.compare_faces(
                selfie,
                id_photo,
                threshold=threshold,
                false_match_rate=false_match_rate,
                portraits=portraits is not None,
            )
        except DocumentError as error:
            if json:
                print_json({"error": error.problem})
            err.print(error.problem.detail, style="red", markup=False)
            raise typer.Exit(Exit.NEGATIVE) from error
        written = _write_faces(comparison, files, portraits) if portraits else {}
    if json:
        print_json(_json_object(comparison, written))
    else:
        out.print(_verdict(comparison), markup=False, highlight=False)
        for line in _warnings(comparison, files):
            out.print(f"warning: {line}", markup=False, highlight=False)
        for path in written.values():
            out.print(f"-> {path}", markup=False, highlight=False)
    if not comparison.match:
        raise typer.Exit(Exit.NEGATIVE)


def _write_faces(comparison: Comparison, files: dict[str, Path], folder: Path) -> dict[str, Path]:
    """Write the faces and return their paths. An older service may send no faces."""
    folder.mkdir(parents=True, exist_ok=True)
    taken: set[str] = set()
    written: dict[str, Path] = {}
    for name, face in (("selfie", comparison.selfie), ("id_photo", comparison.id_photo)):
        if face and face.portrait:
            written[name] = portrait_path(folder, files[name], taken)
            written[name].write_bytes(face.portrait)
    return written


def _json_object(comparison: Comparison, written: dict[str, Path]) -> dict[str, Any]:
    value = comparison.model_dump(exclude={"selfie": {"face_image"}, "id_photo": {"face_image"}})
    return {**value, "portraits": written} if written else value


def _verdict(comparison: Comparison) -> str:
    verdict = "match" if comparison.match else "no match"
    line = f"{verdict}: distance {comparison.distance:.3f}, threshold {comparison.threshold:g}"
    if (rate := comparison.threshold_false_match_rate) is not None:
        line += f" ({_rate_text(rate)})"
    if (rate := comparison.false_match_rate) is not None:
        line += f"; {'' if rate > _LARGEST_RATE else 'at most '}{_rate_text(rate)} look this alike"
    return line


def _rate_text(rate: float) -> str:
    """Return a rate as text, rounded to two digits."""
    if rate > _LARGEST_RATE:
        return "more than 1 in 10 pairs of strangers"
    return f"1 in {float(f'{1 / rate:.2g}'):,.0f} pairs of strangers"


def _warnings(comparison: Comparison, files: dict[str, Path]) -> Iterator[str]:
    """Yield the reasons not to rely on the result, each with advice."""
    for warning in comparison.warnings:
        yield f"{files.get(warning.field, warning.field)}: {_warning_text(warning)}"
    for name, face in (("selfie", comparison.selfie), ("id_photo", comparison.id_photo)):
        if face and face.several_people:
            yield f"{files[name]}: the picture shows several people; check that the right face was compared"


def _warning_text(warning: ComparisonWarning) -> str:
    if warning.reason is not None:
        advice = _ADVICE.get(warning.reason, f"is {warning.reason.replace('_', ' ')}; send another picture")
        return f"the comparison is unreliable: the face {advice}"
    pages = warning.pages or []
    which = f"page{'s' if len(pages) > 1 else ''} {', '.join(map(str, pages))}"
    known = {
        "unreadable_pages": f"{which} could not be read; if the photo is there, scan it again",
        "approximate_colours": "the file does not define its colours, which may be wrong; send it as an sRGB picture",
    }
    return known.get(warning.code, warning.code.replace("_", " "))
