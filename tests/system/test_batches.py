"""Bulk intake under one name: progress, results as they come, and a cancellation of what is left."""

import json
from typing import Any

import httpx
import pytest

from tests.compose import card, jpeg, pdf

CARD = {"file": jpeg(card())}


def submit(client: httpx.Client, name: str, files: dict[str, bytes]) -> str:
    post = client.post("/jobs/extract-face", files=files, data={"batch": name})
    assert post.json()["batch"] == name
    return str(post.headers["location"])


def results(client: httpx.Client, name: str, since: int = 0) -> list[dict[str, Any]]:
    with client.stream("GET", f"/batches/{name}/results", params={"since": since}) as stream:
        assert stream.headers["content-type"] == "application/x-ndjson"
        return [json.loads(line) for line in stream.iter_lines()]


def test_a_batch_counts_its_jobs_and_hands_out_their_results(client: httpx.Client) -> None:
    locations = [submit(client, "intake", files) for files in (CARD, {"file": pdf("No face.")}, CARD)]
    for location in locations:
        client.get(location, params={"wait": 20})
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


def test_a_cancelled_batch_has_nothing_left_to_run(client: httpx.Client) -> None:
    for _ in range(40):
        submit(client, "mistake", CARD)
    batch = client.delete("/batches/mistake").json()
    assert batch["queued"] == 0
    assert batch["cancelled"] > 0
    ended = [line for line in results(client, "mistake") if line["status"] == "cancelled"]
    assert len(ended) == batch["cancelled"]
    assert all(line["error"]["code"] == "cancelled" for line in ended)


@pytest.mark.parametrize("path", ["/batches/unknown", "/batches/unknown/results"])
def test_an_unknown_batch_is_not_found(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["code"] == "batch_not_found"


@pytest.mark.parametrize("name", ["two words", "x" * 65, "a/b", "\u00e9"])
def test_a_name_that_is_none_is_a_bad_request(client: httpx.Client, name: str) -> None:
    answer = client.post("/jobs/extract-face", files=CARD, data={"batch": name})
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_batch"
