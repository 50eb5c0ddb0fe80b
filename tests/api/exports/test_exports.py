"""The table of a batch has every warning of its results."""

import copy
import csv
import io
from typing import Any

import httpx

from shared.schemas import JobKind
from tests.api.worker import BODIES, Worker
from tests.support.compose import card, jpeg

FILE = jpeg(card())


async def row_of(client: httpx.AsyncClient, worker: Worker, kind: JobKind, **changes: Any) -> dict[str, str]:
    """Return the row of a job that ended with the description's example, with these fields changed."""
    body = copy.deepcopy(BODIES[kind])
    (body["metadata"] if kind is JobKind.EXTRACT_FACE else body).update(changes)
    names = ("file",) if kind is JobKind.EXTRACT_FACE else ("selfie", "id_photo")
    files = dict.fromkeys(names, FILE)
    submitted = await client.post(f"/jobs/{kind}", files=files, data={"batch": "exported"})
    assert submitted.status_code == 202
    worker.succeed(body)
    table = (await client.get("/batches/exported/results.csv")).text
    (row,) = csv.DictReader(io.StringIO(table))
    return row


async def test_an_extractions_warnings_are_of_its_document_and_of_its_portrait(
    client: httpx.AsyncClient, worker: Worker
) -> None:
    warnings = ["unreadable_pages", "approximate_colours"]
    row = await row_of(client, worker, JobKind.EXTRACT_FACE, warnings=warnings, unreadable_pages=[2])
    assert row["warnings"] == "unreadable_pages approximate_colours"


async def test_a_comparisons_warnings_are_of_the_picture_that_they_are_about(
    client: httpx.AsyncClient, worker: Worker
) -> None:
    warnings = [
        {"code": "unreliable_comparison", "field": "selfie", "reason": "blurred"},
        {"code": "approximate_colours", "field": "selfie", "reason": None},
        {"code": "unreadable_pages", "field": "id_photo", "reason": None, "pages": [2]},
    ]
    row = await row_of(client, worker, JobKind.COMPARE_FACES, warnings=warnings)
    assert row["warnings"] == "approximate_colours unreadable_pages unreliable_comparison"
    assert row["selfie_warnings"] == "approximate_colours"
    assert row["id_photo_warnings"] == "unreadable_pages"
