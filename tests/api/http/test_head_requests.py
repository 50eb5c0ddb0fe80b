"""``HEAD`` has the same response as ``GET``, without the body."""

import socket
from urllib.parse import urlsplit

import httpx
import pytest

from tests.api.conftest import Serve
from tests.api.worker import Worker
from tests.support.compose import card, jpeg
from tests.support.eventually import eventually
from tests.support.problems import assert_problem

FILES = {"file": jpeg(card())}
BROWSER = {"accept": "text/html"}

DESCRIBED = ["/", "/health/live", "/health/accepting", "/health/ready", "/stats", "/stats/history", "/jobs/unknown"]
PAGES = ["/docs", "/redoc", "/openapi.json", "/metrics", "/console/main.js", "/console/nothing.js", "/nothing/here"]

# Headers that differ between two requests.
CHANGING_HEADERS = {"x-request-id", "date"}


def comparable(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in CHANGING_HEADERS}


@pytest.mark.parametrize("path", [*DESCRIBED, *PAGES, "/extract-face"])
async def test_head_has_the_status_and_headers_of_get_and_no_body(client: httpx.AsyncClient, path: str) -> None:
    get, head = await client.get(path), await client.head(path)
    ignored = {"content-length"} if path == "/metrics" else set()  # the text contains counts, which increase
    assert head.status_code == get.status_code
    assert comparable(head).keys() == comparable(get).keys()
    assert {name for name, value in comparable(get).items() if head.headers[name] != value} <= ignored
    assert head.content == b""
    assert get.content


async def test_head_of_the_console_is_a_page_for_browsers_only(client: httpx.AsyncClient) -> None:
    assert (await client.head("/", headers=BROWSER)).headers["content-type"] == "text/html; charset=utf-8"
    assert (await client.head("/")).headers["content-type"] == "application/json"


async def test_head_of_a_job_matches_get(client: httpx.AsyncClient, worker: Worker) -> None:
    location = (await client.post("/jobs/extract-face", files=FILES, data={"batch": "intake"})).headers["location"]
    worker.succeed()
    get, head = await client.get(location), await client.head(location)
    assert comparable(head) == comparable(get)
    assert int(head.headers["content-length"]) == len(get.content)
    unchanged = await client.head(location, headers={"If-None-Match": get.headers["etag"]})
    assert unchanged.status_code == 304
    for file in ("results", "results.csv", "portraits.zip"):
        get, head = await client.get(f"/batches/intake/{file}"), await client.head(f"/batches/intake/{file}")
        assert (head.status_code, comparable(head)) == (200, comparable(get))
        assert get.content


async def test_head_is_not_allowed_where_get_is_not(client: httpx.AsyncClient) -> None:
    refused = await client.head("/compare-faces")
    assert refused.status_code == 405
    assert refused.headers["allow"] == "POST"
    assert_problem(await client.get("/compare-faces"), 405, "method_not_allowed")


def test_head_of_an_event_stream_ends_at_once(serve: Serve) -> None:
    url = serve()
    location = httpx.post(f"{url}/jobs/extract-face", files=FILES, timeout=60).headers["location"]
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
        connection.sendall(f"HEAD {location}/events HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
        # The connection accepts the next request, because the response to HEAD has ended.
        connection.sendall(b"HEAD /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        answer = b""
        while more := connection.recv(65536):
            answer += more
    events, live, rest = answer.split(b"\r\n\r\n")
    assert events.startswith(b"HTTP/1.1 200 ")
    assert b"text/event-stream" in events
    assert live.startswith(b"HTTP/1.1 200 ")
    assert rest == b""
    eventually(lambda: httpx.get(f"{url}/stats", timeout=60).json()["requests_waiting"] == 0)


async def test_head_is_not_in_the_openapi_description(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    assert not any("head" in operations for operations in paths.values())
