"""Table and archive of a batch with results that the previous version wrote."""

import csv
import io
import zipfile
from typing import Any

import httpx
import pytest

from tests.api.worker import BODIES, Worker
from tests.support.compose import card, jpeg

CARD = jpeg(card())
SINCE: dict[str, tuple[str, ...]] = {
    "extract-face": ("warnings",),
    "compare-faces": ("selfie", "id_photo", "warnings", "threshold_false_match_rate"),
}
"""Fields that results of the previous version did not have."""


def as_before(kind: str) -> dict[str, Any]:
    body: dict[str, Any] = BODIES[kind]
    if kind == "extract-face":
        metadata = {name: value for name, value in body["metadata"].items() if name not in SINCE[kind]}
        return body | {"metadata": metadata}
    return {name: value for name, value in body.items() if name not in SINCE[kind]}


@pytest.fixture
async def rows(client: httpx.AsyncClient, worker: Worker) -> list[dict[str, str]]:
    """Return the table of a batch with two old and two new results."""
    for kind, files in (("extract-face", {"file": CARD}), ("compare-faces", {"selfie": CARD, "id_photo": CARD})):
        for old in (True, False):
            assert (await client.post(f"/jobs/{kind}", files=files, data={"batch": "intake"})).status_code == 202
            worker.succeed(as_before(kind) if old else None)
    table = await client.get("/batches/intake/results.csv")
    return list(csv.DictReader(io.StringIO(table.text)))


async def test_results_of_the_previous_version_have_rows(rows: list[dict[str, str]]) -> None:
    old_portrait, portrait, old_verdict, verdict = rows
    assert old_portrait["confidence"] == portrait["confidence"] != ""
    assert old_portrait["left"] == portrait["left"] != ""
    assert old_verdict["distance"] == verdict["distance"] != ""
    assert (old_verdict["page"], old_verdict["selfie_warnings"], old_verdict["threshold_false_match_rate"]) == ("",) * 3
    assert verdict["page"] == "1"


async def test_the_archive_contains_portraits_of_the_previous_version(
    client: httpx.AsyncClient, rows: list[dict[str, str]]
) -> None:
    archive = zipfile.ZipFile(io.BytesIO((await client.get("/batches/intake/portraits.zip")).content))
    names = {f"{row['id']}.jpg" for row in rows if row["kind"] == "extract-face"}
    assert set(archive.namelist()) >= names
    assert len(names) == 2
