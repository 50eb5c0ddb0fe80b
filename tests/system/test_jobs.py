"""Submitting and following a job: idempotency keys, validators, events, a place in the queue, a client that leaves."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from redis import Redis

from tests.compose import card, jpeg
from tests.servers import System, start

FILES = {"file": jpeg(card())}
OTHER = {"file": jpeg(card("biden"))}


@pytest.fixture
def idle(valkey_url: str, tmp_path: Path) -> Iterator[System]:
    """Run an API whose jobs nobody takes, and in which two requests may wait."""
    with Redis.from_url(valkey_url) as redis:
        redis.flushall()
    api = start(["-m", "api"], tmp_path / "log", redis_url=valkey_url, data_dir=tmp_path / "data", max_waiting=2)
    try:
        api.wait_until_live()
        yield api
    finally:
        api.interrupt()


def eventually(condition: Any) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("path", ["/jobs/extract-face", "/extract-face"])
@pytest.mark.parametrize("quoted", [True, False])
def test_a_key_gives_the_same_job_however_often_it_is_sent(client: httpx.Client, path: str, *, quoted: bool) -> None:
    key = f"{path}-{quoted}-key"
    headers = {"Idempotency-Key": f'"{key}"' if quoted else key}
    first, second = (client.post(path, files=FILES, headers=headers) for _ in range(2))
    assert first.status_code == second.status_code == (202 if "jobs" in path else 200)
    if "jobs" in path:
        assert second.headers["location"] == first.headers["location"]
    else:
        assert second.json() == first.json()


def test_a_key_that_came_with_another_request_is_refused_and_keeps_nothing(
    client: httpx.Client, system: System
) -> None:
    headers = {"Idempotency-Key": "one-key-two-documents"}
    location = client.post("/jobs/extract-face", files=FILES, headers=headers).headers["location"]
    assert client.get(location, params={"wait": 20}).json()["status"] == "succeeded"
    for path, files, data in [
        ("/jobs/extract-face", OTHER, {}),
        ("/jobs/extract-face", FILES, {"batch": "another"}),
        ("/jobs/compare-faces", {"selfie": FILES["file"], "id_photo": FILES["file"]}, {}),
    ]:
        answer = client.post(path, files=files, data=data, headers=headers)
        assert answer.status_code == 422
        assert answer.json()["code"] == "idempotency_key_reused"
    documents = Path(system.environment["DATA_DIR"]) / "blobs" / "documents"
    assert [path for path in documents.rglob("*") if path.is_file()] == []


def test_a_threshold_of_nothing_is_another_request_than_no_threshold(client: httpx.Client) -> None:
    files, headers = {"selfie": FILES["file"], "id_photo": OTHER["file"]}, {"Idempotency-Key": "no-threshold"}
    assert client.post("/jobs/compare-faces", files=files, headers=headers).status_code == 202
    again = client.post("/jobs/compare-faces", files=files, data={"threshold": "0"}, headers=headers)
    assert again.json()["code"] == "idempotency_key_reused"


def test_the_key_of_an_erased_job_starts_no_other(client: httpx.Client) -> None:
    headers = {"Idempotency-Key": "erased"}
    location = client.post("/jobs/extract-face", files=FILES, headers=headers).headers["location"]
    client.get(location, params={"wait": 20})
    client.delete(location)
    answer = client.post("/jobs/extract-face", files=FILES, headers=headers)
    assert answer.status_code == 410
    assert answer.json()["code"] == "job_expired"


@pytest.mark.parametrize("key", ["", "two words", 'an"quote', "x" * 256, "a, b", "caf\u00e9"])
def test_a_key_that_is_none_is_a_bad_request(client: httpx.Client, key: str) -> None:
    answer = client.post("/jobs/extract-face", files=FILES, headers=[(b"Idempotency-Key", key.encode())])
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_idempotency_key"


def test_an_answer_that_did_not_change_is_not_sent_again(client: httpx.Client) -> None:
    location = client.post("/jobs/extract-face", files=FILES).headers["location"]
    answer = client.get(location, params={"wait": 20})
    again = client.get(location, headers={"If-None-Match": f'"other", {answer.headers["etag"]}'})
    assert again.status_code == 304
    assert again.content == b""
    assert client.get(location, headers={"If-None-Match": '"other"'}).status_code == 200


def test_events_are_a_jobs_states_until_it_has_ended(client: httpx.Client) -> None:
    location = client.post("/jobs/extract-face", files=FILES).headers["location"]
    with client.stream("GET", f"{location}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in stream.iter_lines() if line]
    names = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    jobs = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
    assert names == [job["status"] for job in jobs]
    assert names == sorted(set(names), key=["queued", "running", "succeeded"].index)
    assert names[-1] == "succeeded"
    assert all(job["id"] in location and "result" not in job for job in jobs)


def test_events_show_a_job_that_waits_being_cancelled(idle: System) -> None:
    location = httpx.post(f"{idle.url}/jobs/extract-face", files=FILES).headers["location"]
    erase = threading.Timer(0.5, lambda: httpx.delete(idle.url + location))
    erase.start()
    with httpx.stream("GET", f"{idle.url}{location}/events", timeout=20) as stream:
        names = [line for line in stream.iter_lines() if line.startswith("event: ")]
    assert names == ["event: queued", "event: cancelled"]


def test_there_are_no_events_of_an_unknown_job(client: httpx.Client) -> None:
    answer = client.get("/jobs/unknown/events")
    assert answer.status_code == 404
    assert answer.json()["code"] == "job_not_found"


def test_a_waiting_job_knows_how_many_are_ahead(idle: System) -> None:
    posts = [httpx.post(f"{idle.url}/jobs/extract-face", files=FILES) for _ in range(3)]
    assert [post.json()["place"]["ahead"] for post in posts] == [0, 1, 2]
    assert posts[2].json()["place"]["estimated_wait"] is None  # nothing has ended lately
    httpx.delete(idle.url + posts[0].headers["location"])
    assert httpx.get(idle.url + posts[2].headers["location"]).json()["place"]["ahead"] == 1


def test_a_wrapper_whose_client_hangs_up_cancels_its_job(idle: System) -> None:
    request = httpx.Client().build_request("POST", f"{idle.url}/extract-face", files=FILES)
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    with socket.create_connection(("127.0.0.1", urlsplit(idle.url).port or 0)) as client:
        client.sendall(f"POST /extract-face HTTP/1.1\r\n{head}\r\n".encode() + request.read())
        eventually(lambda: waiting(idle) == 1)
    eventually(lambda: waiting(idle) == 0)
    stats = httpx.get(f"{idle.url}/stats").json()
    assert stats["requests_waiting"] == 0


def waiting(system: System) -> int:
    return int(httpx.get(f"{system.url}/stats").json()["queues"]["interactive"]["waiting"])


def test_no_more_requests_wait_than_may(idle: System) -> None:
    location = httpx.post(f"{idle.url}/jobs/extract-face", files=FILES).headers["location"]
    holders = [
        threading.Thread(target=lambda: httpx.get(idle.url + location, params={"wait": 3}, timeout=20))
        for _ in range(2)
    ]
    for holder in holders:
        holder.start()
    eventually(lambda: httpx.get(f"{idle.url}/stats").json()["requests_waiting"] == 2)
    refused = httpx.post(f"{idle.url}/extract-face", files=FILES)
    assert refused.status_code == 503
    assert refused.json()["code"] == "overloaded"
    assert int(refused.headers["retry-after"]) >= 1
    assert httpx.get(f"{idle.url}{location}/events").status_code == 503
    started = time.monotonic()
    assert httpx.get(idle.url + location, params={"wait": 3}).json()["status"] == "queued"
    assert time.monotonic() - started < 1  # how it stands, rather than no answer
    for holder in holders:
        holder.join()


def test_an_api_that_is_told_to_stop_lets_go_of_whoever_only_watches(idle: System) -> None:
    location = httpx.post(f"{idle.url}/jobs/extract-face", files=FILES).headers["location"]
    answers: list[httpx.Response] = []
    watcher = threading.Thread(
        target=lambda: answers.append(httpx.get(idle.url + location, params={"wait": 60}, timeout=70))
    )
    watcher.start()
    eventually(lambda: httpx.get(f"{idle.url}/stats").json()["requests_waiting"] == 1)
    started = time.monotonic()
    idle.interrupt()
    watcher.join()
    assert time.monotonic() - started < 10
    assert answers[0].json()["status"] == "queued"


def test_two_apis_serve_one_system(idle: System, valkey_url: str, tmp_path: Path) -> None:
    shared = {"redis_url": valkey_url, "data_dir": idle.environment["DATA_DIR"]}
    other = start(["-m", "api"], tmp_path / "other.log", **shared)
    worker = start(["-m", "worker"], tmp_path / "worker.log", **shared, worker_processes=1)
    try:
        other.wait_until_live()
        post = httpx.post(f"{idle.url}/jobs/extract-face", files=FILES, headers={"Idempotency-Key": "both"})
        location = post.headers["location"]
        answer = httpx.get(other.url + location, params={"wait": 60}, timeout=70)
        assert answer.json()["status"] == "succeeded"
        assert answer.json()["result"]["face_image"].startswith("data:image/jpeg;base64,")
        again = httpx.post(f"{other.url}/jobs/extract-face", files=FILES, headers={"Idempotency-Key": "both"})
        assert again.headers["location"] == location
        assert httpx.delete(other.url + location).status_code == 204
        assert httpx.get(idle.url + location).status_code == 404
    finally:
        worker.interrupt()
        other.interrupt()
