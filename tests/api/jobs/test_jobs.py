"""Following a job: ETags, events, place in the queue, waiting and disconnecting clients."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest

from shared.jobs import RedisKeys
from shared.queue import INTERACTIVE
from shared.redis.connections import worker_redis
from shared.settings import Settings
from tests.api.conftest import Serve
from tests.api.server import serving
from tests.api.worker import Worker
from tests.support.compose import card, jpeg
from tests.support.eventually import eventually, eventually_async
from tests.support.problems import assert_problem

FILES = {"file": jpeg(card())}


async def submitted(client: httpx.AsyncClient) -> str:
    return str((await client.post("/jobs/extract-face", files=FILES)).headers["location"])


async def one_waits(client: httpx.AsyncClient) -> None:
    async def waits() -> bool:
        return bool((await client.get("/stats")).json()["requests_waiting"] == 1)

    await eventually_async(waits, waiting_for="a request to wait")


async def test_an_unchanged_job_is_not_sent_again(client: httpx.AsyncClient, worker: Worker) -> None:
    location = await submitted(client)
    worker.succeed()
    answer = await client.get(location)
    again = await client.get(location, headers={"If-None-Match": f'"other", {answer.headers["etag"]}'})
    assert again.status_code == 304
    assert again.content == b""
    assert (await client.get(location, headers={"If-None-Match": '"other"'})).status_code == 200


@pytest.mark.parametrize("write", ["{}", '"other", {}', '{},"other"', "*"])
@pytest.mark.parametrize("strong", [True, False])
async def test_etags_are_compared_weakly(client: httpx.AsyncClient, write: str, *, strong: bool) -> None:
    location = await submitted(client)
    tag = (await client.get(location)).headers["etag"]
    assert tag.startswith('W/"')
    sent = write.format(tag.removeprefix("W/") if strong else tag)
    assert (await client.get(location, headers={"If-None-Match": sent})).status_code == 304


@pytest.mark.parametrize("sent", ["", '""', 'W/""', "queued", '"queued-0-None-0"'])
async def test_other_etags_do_not_match(client: httpx.AsyncClient, sent: str) -> None:
    location = await submitted(client)
    assert (await client.get(location, headers={"If-None-Match": sent})).status_code == 200


async def test_job_ids_are_case_insensitive(client: httpx.AsyncClient, worker: Worker) -> None:
    location = await submitted(client)
    upper = "/jobs/" + location.removeprefix("/jobs/").upper()
    assert upper != location
    assert (await client.get(upper)).json() == (await client.get(location)).json()
    worker.fail()
    assert "event: failed" in (await client.get(f"{upper}/events")).text
    assert (await client.delete(upper)).status_code == 204
    assert_problem(await client.get(location), 404, "job_not_found")


@pytest.mark.parametrize(
    ("query", "headers"), [({"wait": 60}, {}), ({}, {"Prefer": "respond-async, wait=60"})], ids=["query", "Prefer"]
)
async def test_a_request_that_waits_returns_when_the_job_ends(
    client: httpx.AsyncClient, worker: Worker, query: dict[str, int], headers: dict[str, str]
) -> None:
    location = await submitted(client)
    question = asyncio.create_task(client.get(location, params=query, headers=headers))
    await one_waits(client)
    worker.succeed()
    answer = await question
    assert answer.json()["status"] == "succeeded"
    assert answer.headers.get("preference-applied") == ("wait=60" if headers else None)


async def test_a_request_that_prefers_a_longer_wait_waits_60_seconds_at_most(
    client: httpx.AsyncClient, worker: Worker
) -> None:
    location = await submitted(client)
    question = asyncio.create_task(client.get(location, headers={"Prefer": "wait=9999"}))
    await one_waits(client)
    worker.succeed()
    assert (await question).headers["preference-applied"] == "wait=60"


async def test_events_report_the_status_of_a_job_until_it_has_ended(client: httpx.AsyncClient, worker: Worker) -> None:
    location = await submitted(client)
    stream = asyncio.create_task(client.get(f"{location}/events"))
    await one_waits(client)
    worker.fail()
    answer = await stream
    assert answer.headers["content-type"].startswith("text/event-stream")
    lines = answer.text.splitlines()
    names = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    jobs = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
    assert names == [job["status"] for job in jobs]
    assert names == sorted(set(names), key=["queued", "running", "failed"].index)
    assert names[-1] == "failed"
    assert all(job["id"] in location and "result" not in job for job in jobs)


def post(url: str, path: str = "/jobs/extract-face") -> httpx.Response:
    return httpx.post(f"{url}{path}", files=FILES, timeout=60)


def requests_waiting(url: str) -> int:
    return int(httpx.get(f"{url}/stats", timeout=60).json()["requests_waiting"])


def test_events_report_the_cancellation_of_a_queued_job(serve: Serve) -> None:
    url = serve()
    location = url + post(url).headers["location"]
    names = []
    with httpx.stream("GET", f"{location}/events", timeout=60) as stream:
        for line in stream.iter_lines():
            names += [line.removeprefix("event: ")] if line.startswith("event: ") else []
            if line == "event: queued":
                httpx.delete(location, timeout=60)
    assert names == ["queued", "cancelled"]


async def test_a_queued_job_has_its_place_in_the_queue(client: httpx.AsyncClient) -> None:
    posts = [await client.post("/jobs/extract-face", files=FILES) for _ in range(3)]
    assert [post.json()["place"]["ahead"] for post in posts] == [0, 1, 2]
    assert posts[2].json()["place"]["estimated_wait"] is None  # no job has ended recently
    await client.delete(posts[0].headers["location"])
    assert (await client.get(posts[2].headers["location"])).json()["place"]["ahead"] == 1


def test_a_wait_timeout_has_the_url_of_the_job(serve: Serve) -> None:
    url = serve(wait_timeout=0.2)
    answer = post(url, "/extract-face")
    assert_problem(answer, 504, "wait_timeout")
    assert httpx.get(url + answer.headers["location"], timeout=60).json()["status"] == "queued"


def waiting(url: str) -> int:
    """Return the number of queued interactive jobs."""
    return int(httpx.get(f"{url}/stats", timeout=60).json()["queues"]["interactive"]["waiting"])


def hang_up(url: str, headers: dict[str, str] | None = None, then: Callable[[], object] = lambda: None) -> None:
    """Send a document, wait until its job is queued, call a function, and close the connection."""
    request = httpx.Client().build_request("POST", f"{url}/extract-face", files=FILES, headers=headers)
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    with socket.create_connection(("127.0.0.1", urlsplit(url).port or 0)) as client:
        client.sendall(f"POST /extract-face HTTP/1.1\r\n{head}\r\n".encode() + request.read())
        eventually(lambda: waiting(url) == 1)
        then()
    eventually(lambda: requests_waiting(url) == 0)


def test_a_synchronous_job_is_cancelled_when_its_client_disconnects(serve: Serve) -> None:
    url = serve()
    hang_up(url)
    eventually(lambda: waiting(url) == 0)


def cancels(settings: Settings) -> list[str]:
    lines = map(json.loads, (settings.data_dir / "audit.log").read_text().splitlines())
    return [line["outcome"] for line in lines if line["action"] == "cancel"]


def test_the_audit_log_reports_a_cancellation_only_if_the_job_was_cancelled(
    serve: Serve, settings: Settings, worker: Worker
) -> None:
    url = serve()
    hang_up(url, then=worker.claim)
    assert cancels(settings) == []
    hang_up(url)
    assert cancels(settings) == ["client left"]


def test_a_job_with_an_idempotency_key_is_kept_when_its_client_disconnects(serve: Serve) -> None:
    url, headers = serve(), {"Idempotency-Key": "sent-again"}
    hang_up(url, headers)
    again = httpx.post(f"{url}/jobs/extract-face", files=FILES, headers=headers, timeout=60)
    assert (again.status_code, again.json()["status"]) == (202, "queued")
    assert waiting(url) == 1


def test_a_request_that_waits_for_an_erased_job_gets_cancelled(serve: Serve, settings: Settings) -> None:
    url = serve()
    assert settings.redis_url is not None
    keys = RedisKeys()
    with ThreadPoolExecutor(1) as pool, worker_redis(settings.redis_url) as redis:
        answer = pool.submit(post, url, "/extract-face")
        eventually(lambda: waiting(url) == 1)
        # The job is cancelled and erased before the waiting request has read its status.
        (job_id,) = redis.zrange(keys.waiting(INTERACTIVE), 0, -1)
        redis.delete(keys.job(str(job_id)))
        redis.publish(keys.ended, job_id)
    assert_problem(answer.result(), 410, "cancelled")


def test_requests_are_refused_at_the_limit_of_waiting_requests(serve: Serve) -> None:
    url = serve(max_waiting=2)
    location = url + post(url).headers["location"]
    waiters = [threading.Thread(target=lambda: httpx.get(location, params={"wait": 60}, timeout=90)) for _ in range(2)]
    for waiter in waiters:
        waiter.start()
    eventually(lambda: requests_waiting(url) == 2)
    refused = post(url, "/extract-face")
    assert_problem(refused, 503, "overloaded")
    assert int(refused.headers["retry-after"]) >= 1
    assert httpx.get(f"{location}/events", timeout=60).status_code == 503
    # This returns the current status at once. The earlier requests are still waiting.
    assert httpx.get(location, params={"wait": 60}, timeout=30).json()["status"] == "queued"
    assert requests_waiting(url) == 2
    httpx.delete(location, timeout=60)
    for waiter in waiters:
        waiter.join()


def test_waiting_requests_are_answered_when_the_api_stops(settings: Settings) -> None:
    answers: list[httpx.Response] = []

    def watch(location: str) -> None:
        answers.append(httpx.get(location, params={"wait": 60}, timeout=90))

    with serving(settings) as url:
        watcher = threading.Thread(target=watch, args=(url + post(url).headers["location"],))
        watcher.start()
        eventually(lambda: requests_waiting(url) == 1)
    watcher.join()
    assert answers[0].json()["status"] == "queued"
    assert answers[0].elapsed.total_seconds() < 50


def test_two_api_processes_serve_one_system(serve: Serve, worker: Worker) -> None:
    one, other = serve(), serve()
    headers = {"Idempotency-Key": "both"}
    location = httpx.post(f"{one}/jobs/extract-face", files=FILES, headers=headers, timeout=60).headers["location"]
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(httpx.get, other + location, params={"wait": 60}, timeout=90)
        eventually(lambda: requests_waiting(other) == 1)
        worker.succeed()
        answer = waiting.result().json()
    assert answer["status"] == "succeeded"
    assert answer["result"]["face_image"].startswith("data:image/jpeg;base64,")
    again = httpx.post(f"{other}/jobs/extract-face", files=FILES, headers=headers, timeout=60)
    assert again.headers["location"] == location
    assert httpx.delete(other + location, timeout=60).status_code == 204
    assert httpx.get(one + location, timeout=60).status_code == 404
