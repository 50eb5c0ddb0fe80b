"""Hostile connections: endless headers, false lengths, thousands of parts and interrupted uploads."""

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from shared.process import allow_many_connections
from tests.support.bombs import MEGABYTE
from tests.support.eventually import eventually
from tests.support.examples import extraction_file
from tests.support.files import files_in
from tests.support.servers import System, start, valkey

UPLOAD_TIMEOUT = 3  # seconds
LONG = 50_000  # bytes

HEAD = b"POST /extract-face HTTP/1.1\r\nhost: localhost\r\n"
FORM = b"content-type: multipart/form-data; boundary=x\r\n"
PART = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Run an API in a separate process, so that the tests can measure its memory. Accepting jobs needs no worker."""
    home = tmp_path_factory.mktemp("connections")
    with valkey(home) as url:
        api = start(["-m", "api"], home / "log", redis_url=url, data_dir=home / "data", upload_timeout=UPLOAD_TIMEOUT)
        try:
            api.wait_until_live()
            yield api
        finally:
            api.interrupt()


def exchange(api: System, *pieces: bytes, close: bool = False) -> bytes:
    """Send these bytes, as far as the API accepts them, and return the response until the connection ends."""
    with socket.create_connection(("127.0.0.1", urlsplit(api.url).port or 0), timeout=60) as connection:
        with suppress(BrokenPipeError, ConnectionResetError):
            for piece in pieces:
                connection.sendall(piece)
        if close:
            return b""
        response = b""
        with suppress(ConnectionResetError):
            while more := connection.recv(65536):
                response += more
        return response


def documents(api: System) -> set[Path]:
    return files_in(Path(api.environment["DATA_DIR"]) / "blobs" / "documents")


def parts(count: int) -> bytes:
    part = b'--x\r\nContent-Disposition: form-data; name="a%d"\r\n\r\nb\r\n'
    return b"".join(part % number for number in range(count)) + b"--x--\r\n"


def request(body: bytes, length: int | None = None, headers: bytes = FORM) -> bytes:
    size = len(body) if length is None else length
    return HEAD + headers + b"connection: close\r\ncontent-length: %d\r\n\r\n" % size + body


HOSTILE: dict[str, tuple[Callable[[], tuple[bytes, ...]], bytes]] = {
    "10,000 parts": (lambda: (request(parts(10_000)),), b"invalid_request"),
    "a part with 10,000 headers": (
        lambda: (request(b"--x\r\n" + b"a: b\r\n" * 10_000 + b"\r\n\r\n--x--\r\n"),),
        b"invalid_request",
    ),
    "a part with a header of 1 MB": (lambda: (request(b"--x\r\na: " + b"b" * MEGABYTE),), b"invalid_request"),
    "a boundary of 10 KB": (
        lambda: (request(b"", headers=b"content-type: multipart/form-data; boundary=" + b"x" * 10_000 + b"\r\n"),),
        b"",
    ),
    "endless headers": (lambda: (HEAD, *[b"a: b\r\n" * 1000] * 100), b"invalid_request"),
    "one endless header": (lambda: (HEAD + b"a: ", *[b"b" * 65536] * 100), b"invalid_request"),
    "an endless URL": (lambda: (b"GET /", *[b"a" * 65536] * 100), b"invalid_request"),
    "not HTTP": (lambda: (b"\x16\x03\x01\x02\x00" * 1000,), b"invalid_request"),
    "two lengths": (
        lambda: (HEAD + FORM + b"content-length: 5\r\ncontent-length: 6\r\n\r\n12345",),
        b"invalid_request",
    ),
    "a length and chunks": (
        lambda: (HEAD + FORM + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",),
        b"invalid_request",
    ),
    "a negative length": (lambda: (HEAD + FORM + b"content-length: -5\r\n\r\n12345",), b"invalid_request"),
    "a length of 10 TB": (lambda: (request(PART, 10**13),), b"upload_timeout"),
    "a length that is too short": (lambda: (request(PART + b"abc\r\n--x--\r\n", 20),), b"missing_file"),
    "a length that is too long": (
        lambda: (request(PART + extraction_file() + b"\r\n--x--\r\n", 10**6),),
        b"upload_timeout",
    ),
    "endless chunks": (
        lambda: (
            HEAD + FORM + b"connection: close\r\ntransfer-encoding: chunked\r\n\r\n",
            *[b"10000\r\n" + b"a" * 65536 + b"\r\n"] * 1000,
        ),
        b"invalid_request",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_request_is_rejected_in_bounded_memory_and_the_next_one_works(api: System, name: str) -> None:
    make, code = HOSTILE[name]
    process = psutil.Process(api.process.pid)
    memory, stored = process.memory_info().rss, documents(api)
    pieces = make()
    response = exchange(api, *pieces)
    # A response is lost if the connection is closed while a long request is sent.
    if response or sum(map(len, pieces)) < LONG:
        assert response.startswith(b"HTTP/1.1 400 ")
        assert code in response
    assert process.memory_info().rss - memory < 64 * MEGABYTE
    assert documents(api) == stored
    assert submit(api) == 202
    assert api.process.poll() is None


def submit(api: System) -> int:
    return httpx.post(f"{api.url}/jobs/extract-face", files={"file": extraction_file()}, timeout=60).status_code


def test_an_interrupted_upload_leaves_nothing_behind(api: System) -> None:
    stored = documents(api)
    for length in (0, 10, 1000, 100_000):
        exchange(api, request(PART + bytes(length), 10**6), close=True)
    eventually(lambda: open_connections(api) == 0, waiting_for="the API to close the connections")
    assert documents(api) == stored
    assert httpx.get(f"{api.url}/stats", timeout=60).json()["requests_waiting"] == 0


def open_connections(api: System) -> int:
    port = urlsplit(api.url).port
    connections = psutil.Process(api.process.pid).net_connections(kind="tcp4")
    return sum(each.laddr.port == port and each.status != psutil.CONN_LISTEN for each in connections)


def test_two_thousand_idle_connections_do_not_block_other_requests(api: System) -> None:
    allow_many_connections()
    port = urlsplit(api.url).port or 0
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(2000)]
    try:
        assert submit(api) == 202
    finally:
        for connection in idle:
            connection.close()
