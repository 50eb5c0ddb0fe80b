"""Time limit of the request head."""

import socket
import time
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from tests.api.conftest import Serve
from tests.support.eventually import eventually

SECONDS = 4.0
HEAD = b"POST /extract-face HTTP/1.1\r\nhost: localhost\r\n"


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.http.protocol.HEAD_SECONDS", SECONDS)


def connect(url: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=60)


@pytest.mark.long
def test_a_silent_connection_is_closed(serve: Serve) -> None:
    with connect(serve()) as silent:
        started = time.monotonic()
        assert silent.recv(100) == b""
        assert time.monotonic() - started > SECONDS / 2


@pytest.mark.long
def test_a_connection_with_a_slow_request_head_is_closed(serve: Serve) -> None:
    with connect(serve()) as slow:
        slow.settimeout(0.05)
        slow.sendall(HEAD)

        def closed() -> bool:
            with suppress(TimeoutError):
                try:
                    slow.sendall(b"a")
                    return slow.recv(100) == b""
                except (BrokenPipeError, ConnectionResetError):
                    return True
            return False

        eventually(closed)


@pytest.mark.long
def test_a_connection_with_regular_requests_is_kept(serve: Serve) -> None:
    with connect(serve()) as client:
        for _ in range(6):  # in total longer than the time limit
            client.sendall(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n")
            answer = b""
            while not answer.endswith(b"}"):
                piece = client.recv(65536)
                assert piece, "the connection was closed"
                answer += piece
            assert answer.startswith(b"HTTP/1.1 200 ")
            time.sleep(SECONDS / 3)
