"""``face-intake extract``: extract the portraits from a few documents."""

from pathlib import Path
from typing import Annotated

import typer

from face_intake.commands.common import Exit, Json, app, err, out, portrait_path, print_json, report_errors
from face_intake.errors import DocumentError
from face_intake.results import Extraction

Files = Annotated[
    list[Path], typer.Argument(help="Photos, scans or PDFs.", exists=True, dir_okay=False, show_default=False)
]
Portraits = Annotated[
    Path | None, typer.Option(help="Folder for the portraits, each written as FILE.jpg.", file_okay=False)
]


@app.command()
def extract(context: typer.Context, files: Files, portraits: Portraits = None, json: Json = False) -> None:  # noqa: FBT002
    """Extract the portraits from documents, one after the other.

    The exit status is 1 if a document has no portrait. For thousands of documents, use face-intake intake.
    """
    failures = 0
    taken: set[str] = set()
    with report_errors(), context.obj.client() as client:
        if portraits:
            portraits.mkdir(parents=True, exist_ok=True)
        for file in files:
            try:
                extraction = client.extract_face(file)
            except DocumentError as error:
                failures += 1
                if json:
                    print_json({"file": str(file), "error": error.problem})
                else:
                    err.print(f"{file}: {error.problem.detail}", style="red", markup=False)
                continue
            portrait = portrait_path(portraits, file, taken) if portraits else None
            if portrait:
                portrait.write_bytes(extraction.portrait)
            if json:
                exclude = {"face_image"} if portrait else set[str]()
                print_json({"file": str(file), "portrait": portrait, **extraction.model_dump(exclude=exclude)})
            else:
                out.print(f"{file}: {_summary(extraction)}{f' -> {portrait}' if portrait else ''}", markup=False)
    if failures:
        raise typer.Exit(Exit.NEGATIVE)


def _summary(extraction: Extraction) -> str:
    metadata = extraction.metadata
    pages = ", ".join(map(str, metadata.unreadable_pages))
    document_warnings = [f"{code} ({pages})" if code == "unreadable_pages" else code for code in metadata.warnings]
    face, warnings = metadata.selected, ", ".join([*document_warnings, *metadata.quality.warnings])
    position = f"face {face.index + 1} of {metadata.total_faces} on page {face.page}"
    rotation = f", turned by {metadata.rotation:g} degrees" if metadata.rotation else ""
    return f"{position}, score {metadata.confidence:.1f}{rotation}{f'; {warnings}' if warnings else ''}"
