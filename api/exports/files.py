"""The results of a batch as files: a table (CSV), and an archive of portraits (ZIP)."""

import base64
import io
import json
from collections.abc import AsyncIterator, Iterable
from typing import Any, Final

from defusedcsv import csv
from zipstream import ZipStream

from api.exports.file_names import FileNames
from shared.job_kinds.declaration import JsonObject
from shared.job_kinds.registry import KINDS, find_kind
from shared.job_view import job_view
from shared.jobs import Job

_BEFORE = ("reference", "id", "kind", "status", "code", "detail")
_AFTER = ("created_at", "started_at", "finished_at")

COLUMNS: Final = (*_BEFORE, *dict.fromkeys(name for kind in KINDS for name in kind.columns), *_AFTER)
"""Columns of the table: those of the job, between them those of the results of all kinds."""

EndedJobs = AsyncIterator[tuple[Job, bytes | None]]
"""Jobs that ended, each with its result (JSON) if it succeeded."""


async def table(ended: EndedJobs) -> AsyncIterator[bytes]:
    """Yield the table, one row per job. Spreadsheets show cells that look like formulas as text."""
    yield csv_rows([COLUMNS])
    async for job, result in ended:
        row = _row(job, None if result is None else json.loads(result))
        yield csv_rows([[row.get(name, "") for name in COLUMNS]])


async def archive(ended: EndedJobs) -> AsyncIterator[bytes]:
    """Yield the archive: a JPEG for each result with a portrait, named by the reference of the job or else its id."""
    stream, names = ZipStream(), FileNames()
    async for job, result in ended:
        kind = find_kind(job.kind)
        picture = kind.portrait_of(json.loads(result)) if kind and result is not None else None
        if picture:
            name = names.create(job.reference or job.id, job.id, ".jpg")
            stream.add(base64.b64decode(picture.partition(",")[2]), name)
            for chunk in stream.all_files():
                yield chunk
    for chunk in stream.finalize():
        yield chunk


def csv_rows(rows: Iterable[Iterable[object]]) -> bytes:
    """Return rows as CSV."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def cells(kind_name: str, result: JsonObject) -> dict[str, object]:
    """Return the columns of a result.

    A result is stored as it was written. While a new version replaces another, some are of the other version.
    """
    kind = find_kind(kind_name)
    return {name: cell(result) for name, cell in kind.columns.items()} if kind else {}


def _row(job: Job, result: dict[str, Any] | None) -> dict[str, object]:
    view = job_view(job).model_dump(mode="json")
    row = {name: view[name] for name in (*_BEFORE, *_AFTER) if view.get(name) is not None}
    if view["error"]:
        row |= {"code": view["error"]["code"], "detail": view["error"]["detail"]}
    return row if result is None else row | cells(job.kind, result)
