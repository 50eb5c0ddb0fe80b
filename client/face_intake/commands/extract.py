"""``face-intake extract``: the portraits of some documents, at once."""

from pathlib import Path
from typing import Annotated

import typer

from face_intake.commands.common import Exit, Json, app, out, portrait_path, print_json, said, trouble_told
from face_intake.errors import DocumentError
from face_intake.results import Extraction

Files = Annotated[
    list[Path], typer.Argument(help="Photos, scans or PDFs.", exists=True, dir_okay=False, show_default=False)
]
Portraits = Annotated[
    Path | None, typer.Option(help="Folder to write the portraits to, each as FILE.jpg.", file_okay=False)
]


@app.command()
def extract(context: typer.Context, files: Files, portraits: Portraits = None, json: Json = False) -> None:  # noqa: FBT002
    """Find the portraits in documents, one after the other.

    Ends with 1 if one has none. For thousands: face-intake intake.
    """
    failures = 0
    taken: set[str] = set()
    with trouble_told(), context.obj.client() as client:
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
                    said.print(f"{file}: {error.problem.detail}", style="red", markup=False)
                continue
            portrait = portrait_path(portraits, file, taken) if portraits else None
            if portrait:
                portrait.write_bytes(extraction.portrait)
            if json:
                exclude = {"face_image"} if portrait else set[str]()
                print_json({"file": str(file), "portrait": portrait, **extraction.model_dump(exclude=exclude)})
            else:
                out.print(f"{file}: {_words(extraction)}{f' -> {portrait}' if portrait else ''}", markup=False)
    if failures:
        raise typer.Exit(Exit.OUTCOME)


def _words(extraction: Extraction) -> str:
    metadata = extraction.metadata
    pages = ", ".join(map(str, metadata.unreadable_pages))
    about = [f"{code} ({pages})" if code == "unreadable_pages" else code for code in metadata.warnings]
    face, warnings = metadata.selected, ", ".join([*about, *metadata.quality.warnings])
    of = f"face {face.index + 1} of {metadata.total_faces} on page {face.page}"
    turned = f", turned by {metadata.rotation:g} degrees" if metadata.rotation else ""
    return f"{of}, score {metadata.confidence:.1f}{turned}{f'; {warnings}' if warnings else ''}"
