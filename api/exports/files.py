"""A batch's results as the files that people open: a table (CSV), and the portraits in an archive (ZIP)."""

import base64
import io
import json
from collections.abc import AsyncIterator, Iterable
from typing import Any

from defusedcsv import csv
from zipstream import ZipStream

from api.exports.file_names import FileNames
from shared.job_view import job_view
from shared.jobs import Job

COLUMNS = (
    "reference", "id", "kind", "status", "code", "detail", "confidence", "total_faces", "page", "left", "top", "right",
    "bottom", "rotation", "warnings", "match", "distance", "threshold", "false_match_rate",
    "threshold_false_match_rate", "selfie_warnings", "id_photo_warnings", "created_at", "started_at", "finished_at",
)  # fmt: skip
"""Of a comparison, faces, page, box and rotation are the ID photo's."""

_VERDICT = ("match", "distance", "threshold", "false_match_rate", "threshold_false_match_rate", "confidence")

Ended = AsyncIterator[tuple[Job, bytes | None]]
"""Jobs that ended, each with its result (JSON) if it succeeded."""


async def table(ended: Ended) -> AsyncIterator[bytes]:
    """Yield the table, a row a job. No spreadsheet takes a cell for a formula, whatever a client calls its files."""
    yield _rows([COLUMNS])
    async for job, result in ended:
        row = _row(job, None if result is None else json.loads(result))
        yield _rows([[row.get(name, "") for name in COLUMNS]])


async def archive(ended: Ended) -> AsyncIterator[bytes]:
    """Yield the archive: a JPEG for each job that has a portrait, named by its reference or else its id.

    A comparison has the ID photo's, where the request said ``portraits=true``.
    """
    stream, names = ZipStream(), FileNames()
    async for job, result in ended:
        picture = None if result is None else _portrait(json.loads(result))
        if picture:
            name = names.create(job.reference or job.id, job.id, ".jpg")
            stream.add(base64.b64decode(picture.partition(",")[2]), name)
            for chunk in stream.all_files():
                yield chunk
    for chunk in stream.finalize():
        yield chunk


def _rows(rows: Iterable[Iterable[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _row(job: Job, result: dict[str, Any] | None) -> dict[str, object]:
    view = job_view(job).model_dump(mode="json")
    row = {name: view[name] for name in COLUMNS if view.get(name) is not None}
    if view["error"]:
        row |= {"code": view["error"]["code"], "detail": view["error"]["detail"]}
    if result and "metadata" in result:
        metadata = result["metadata"]
        face = metadata["all_faces"][metadata["selected_index"]]
        row |= {name: metadata[name] for name in ("confidence", "total_faces", "rotation")}
        warnings = " ".join(metadata.get("warnings", []) + metadata["quality"]["warnings"])
        row |= {"page": face["page"], "warnings": warnings, **face["box"]}
    elif result:
        row |= _comparison(result)
    return row


def _comparison(result: dict[str, Any]) -> dict[str, object]:
    """Return the columns of a comparison; those of a field that the result lacks are left out.

    A result is kept as it was written. While a new version replaces another, some are of the other, which wrote less.
    """
    row: dict[str, object] = {name: result[name] for name in _VERDICT if name in result}
    row["warnings"] = " ".join(sorted({warning["code"] for warning in result.get("warnings", [])}))
    if "id_photo" in result:
        id_photo = result["id_photo"]
        row |= {name: id_photo[name] for name in ("total_faces", "page", "rotation")} | id_photo["box"]
    for picture in ("selfie", "id_photo"):
        if picture in result:
            face = result[picture]
            several = ["several_people"] if face["several_people"] else []
            document = [warning["code"] for warning in result["warnings"] if _of_document(warning, picture)]
            row[f"{picture}_warnings"] = " ".join(several + document + face["quality"]["warnings"])
    return row


def _of_document(warning: dict[str, Any], picture: str) -> bool:
    """Tell whether a comparison's warning is about this picture's file; others are about its face."""
    return bool(warning["field"] == picture and warning["code"] != "unreliable_comparison")


def _portrait(result: dict[str, Any]) -> str | None:
    """Return the portrait of an extraction or of a comparison's ID photo, as a data URL."""
    picture: str | None = result.get("face_image") or result.get("id_photo", {}).get("face_image")
    return picture
