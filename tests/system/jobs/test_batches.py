"""Batches: progress, results in order of their end, cancellation and exports."""

import csv
import io
import json
import zipfile
from typing import Any

import httpx

from tests.support.compose import card, jpeg, pdf
from tests.support.servers import System
from tests.system.job_batch import processes

CARD = {"file": jpeg(card())}
FAILED_AND_COMPARED = ["extract-face", "compare-faces"]


def submit(client: httpx.Client, name: str, files: dict[str, bytes]) -> str:
    post = client.post("/jobs/extract-face", files=files, data={"batch": name})
    assert post.json()["batch"] == name
    return str(post.headers["location"])


def results(client: httpx.Client, name: str, since: int = 0) -> list[dict[str, Any]]:
    with client.stream("GET", f"/batches/{name}/results", params={"since": since}) as stream:
        assert stream.headers["content-type"] == "application/x-ndjson"
        return [json.loads(line) for line in stream.iter_lines()]


def test_a_batch_counts_its_jobs_and_returns_their_results(client: httpx.Client) -> None:
    locations = [submit(client, "intake", files) for files in (CARD, {"file": pdf("No face.")}, CARD)]
    for location in locations:
        client.get(location, params={"wait": 60})
    batch = client.get("/batches/intake").json()
    assert batch | {"total": 3, "succeeded": 2, "failed": 1, "queued": 0, "running": 0, "cursor": 3} == batch
    assert batch["ended_per_second"] > 0
    assert batch["estimated_end"] is None
    lines = results(client, "intake")
    assert [line.pop("cursor") for line in lines] == [1, 2, 3]
    assert {f"/jobs/{line['id']}" for line in lines} == set(locations)
    for line in lines:
        assert line == client.get(f"/jobs/{line['id']}").json()
    assert [line["id"] for line in results(client, "intake", since=2)] == [lines[2]["id"]]
    assert results(client, "intake", since=3) == []


def test_a_cancelled_batch_has_no_queued_jobs(client: httpx.Client, system: System) -> None:
    worker = processes(system, "-m worker")
    for process in worker:
        process.suspend()  # so that the jobs wait even on a fast machine
    try:
        for _ in range(40):
            submit(client, "mistake", CARD)
        batch = client.delete("/batches/mistake").json()
    finally:
        for process in worker:
            process.resume()
    # Jobs that a process has already received are no longer queued.
    assert batch["cancelled"] >= 40 - 2 * len(worker)
    assert batch["queued"] == 0
    ended = [line for line in results(client, "mistake") if line["status"] == "cancelled"]
    assert len(ended) == batch["cancelled"]
    assert all(line["error"]["code"] == "cancelled" for line in ended)


def test_a_batch_can_be_exported_as_a_table_and_as_an_archive_of_portraits(client: httpx.Client) -> None:
    references = ["=HYPERLINK(evil)", "a/b/card.jpg", "../../etc/passwd", "card.jpg", "card.jpg", None]
    for reference in references:
        data = {"batch": "exported"} | ({"reference": reference} if reference else {})
        post = client.post("/jobs/extract-face", files=CARD, data=data)
        assert post.json().get("reference") == reference
        client.get(post.headers["location"], params={"wait": 60})
    comparison = {"selfie": CARD["file"], "id_photo": CARD["file"]}
    for kind, files in (("extract-face", {"file": pdf("No face.")}), ("compare-faces", comparison)):
        data = {"batch": "exported", "reference": kind, "portraits": "true"}
        post = client.post(f"/jobs/{kind}", files=files, data=data)
        client.get(post.headers["location"], params={"wait": 60})

    table = client.get("/batches/exported/results.csv")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert table.headers["content-disposition"] == 'attachment; filename="exported.csv"'
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [row["reference"] for row in rows[1:]] == [*(name or "" for name in references[1:]), *FAILED_AND_COMPARED]
    assert rows[0]["reference"] == "'=HYPERLINK(evil)"  # so that no spreadsheet reads a formula
    assert (rows[-2]["code"], rows[-2]["detail"][:17]) == ("no_face", "No face was found")
    assert (rows[-1]["match"], rows[-1]["distance"], rows[-1]["threshold_false_match_rate"]) == ("True", "0.0", "0.001")
    assert {name: rows[-1][name] for name in ("page", "left", "total_faces")} == {
        name: rows[1][name] for name in ("page", "left", "total_faces")
    }
    assert rows[-1]["selfie_warnings"] == rows[-1]["id_photo_warnings"] == rows[1]["warnings"]
    result = results(client, "exported")[1]["result"]["metadata"]
    assert float(rows[1]["confidence"]) == result["confidence"]
    assert int(rows[1]["left"]) == result["all_faces"][0]["box"]["left"]

    archive = client.get("/batches/exported/portraits.zip")
    assert archive.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(archive.content)) as portraits:
        assert portraits.testzip() is None
        names = portraits.namelist()
        assert all(portraits.read(name).startswith(b"\xff\xd8\xff") for name in names)
    ids = [line["id"] for line in results(client, "exported")]
    expected = [
        "=HYPERLINK(evil)",
        "a/b/card.jpg",
        "etc/passwd",
        "card.jpg",
        f"card.jpg-{ids[4]}",
        ids[5],
        "compare-faces",
    ]
    assert names == [f"{name}.jpg" for name in expected]
