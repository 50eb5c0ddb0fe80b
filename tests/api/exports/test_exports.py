"""The table of a batch: the order of its columns, and all warnings of its results."""

import copy
import csv
import io
from typing import Any

import httpx

from tests.api.worker import BODIES, Worker
from tests.support.compose import card, jpeg

FILE = jpeg(card())


async def row_of(client: httpx.AsyncClient, worker: Worker, kind: str, **changes: Any) -> dict[str, str]:
    """Return the row of a job whose result is the OpenAPI example with changed fields."""
    body = copy.deepcopy(BODIES[kind])
    (body["metadata"] if kind == "extract-face" else body).update(changes)
    names = ("file",) if kind == "extract-face" else ("selfie", "id_photo")
    files = dict.fromkeys(names, FILE)
    submitted = await client.post(f"/jobs/{kind}", files=files, data={"batch": "exported"})
    assert submitted.status_code == 202
    worker.succeed(body)
    table = (await client.get("/batches/exported/results.csv")).text
    (row,) = csv.DictReader(io.StringIO(table))
    return row


async def test_the_table_begins_and_ends_with_the_columns_of_the_job(client: httpx.AsyncClient) -> None:
    await client.post("/jobs/extract-face", files={"file": FILE}, data={"batch": "exported"})
    header, *_ = csv.reader((await client.get("/batches/exported/results.csv")).text.splitlines())
    assert header[:6] == ["reference", "id", "kind", "status", "code", "detail"]
    assert header[-3:] == ["created_at", "started_at", "finished_at"]


async def test_the_row_of_an_extraction_has_all_warnings(client: httpx.AsyncClient, worker: Worker) -> None:
    warnings = ["unreadable_pages", "approximate_colours"]
    row = await row_of(client, worker, "extract-face", warnings=warnings, unreadable_pages=[2])
    assert row["warnings"] == "unreadable_pages approximate_colours"


async def test_the_row_of_a_comparison_has_warnings_by_picture(client: httpx.AsyncClient, worker: Worker) -> None:
    warnings = [
        {"code": "unreliable_comparison", "field": "selfie", "reason": "blurred"},
        {"code": "approximate_colours", "field": "selfie", "reason": None},
        {"code": "unreadable_pages", "field": "id_photo", "reason": None, "pages": [2]},
    ]
    row = await row_of(client, worker, "compare-faces", warnings=warnings)
    assert row["warnings"] == "approximate_colours unreadable_pages unreliable_comparison"
    assert row["selfie_warnings"] == "approximate_colours"
    assert row["id_photo_warnings"] == "unreadable_pages"
