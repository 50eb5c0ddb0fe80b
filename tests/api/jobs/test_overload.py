"""An overloaded service refuses requests with ``Retry-After`` and stores nothing of them."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from socket import create_connection
from typing import Self
from urllib.parse import urlsplit

import httpx
import pytest

from shared.settings import Settings
from tests.api.conftest import Serve
from tests.support.compose import card, jpeg
from tests.support.eventually import eventually
from tests.support.files import stored
from tests.support.problems import assert_problem

DOCUMENT = jpeg(card())


class TestFull:
    """The limit ``MAX_OPEN_JOBS``."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"max_open_jobs": 3})

    async def test_a_job_above_the_limit_is_refused_with_retry_after_and_not_stored(
        self, client: httpx.AsyncClient, settings: Settings
    ) -> None:
        posts = [await client.post("/jobs/extract-face", files={"file": DOCUMENT}) for _ in range(4)]
        assert [post.status_code for post in posts] == [202, 202, 202, 503]
        assert_problem(posts[3], 503, "overloaded")
        assert int(posts[3].headers["retry-after"]) >= 1
        stats = (await client.get("/stats")).json()
        assert stats["queues"]["bulk"]["waiting"] == 3
        assert stats["workers"] == 0
        assert len(stored(settings)) == 3


@pytest.mark.long
def test_a_slow_upload_is_ended_and_other_uploads_continue(serve: Serve) -> None:
    url = serve(upload_timeout=1, upload_memory=1)  # one upload at a time
    with ThreadPoolExecutor() as pool, SlowUpload(url) as slow:
        slow.send()
        fast = pool.submit(httpx.post, f"{url}/jobs/extract-face", files={"file": DOCUMENT}, timeout=60)
        answer = eventually(slow.answered)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b'"code":"upload_timeout"' in answer
        assert fast.result().status_code == 202


def test_idle_connections_do_not_block_uploads(serve: Serve) -> None:
    url = serve(upload_memory=2 * len(DOCUMENT))
    with ExitStack() as idle:
        for _ in range(8):
            idle.enter_context(SlowUpload(url, head_only=True))
        assert httpx.post(f"{url}/jobs/extract-face", files={"file": DOCUMENT}, timeout=30).status_code == 202


def test_an_upload_without_memory_is_refused_with_retry_after(serve: Serve, settings: Settings) -> None:
    url = serve(upload_memory=1, upload_wait=0.1)
    with SlowUpload(url) as slow:
        slow.send()
        eventually(lambda: post(url).status_code == 503)
        refused = post(url)
        assert_problem(refused, 503, "overloaded")
        assert int(refused.headers["retry-after"]) >= 1
    eventually(lambda: post(url).status_code == 202)
    assert len(stored(settings)) >= 1


def post(url: str) -> httpx.Response:
    return httpx.post(f"{url}/jobs/extract-face", files={"file": DOCUMENT}, timeout=60)


class SlowUpload:
    """A client that sends a form byte by byte without end, or only the request head."""

    def __init__(self, url: str, *, head_only: bool = False) -> None:
        self._head_only = head_only
        self._connection = create_connection(("127.0.0.1", urlsplit(url).port or 0))
        self._connection.settimeout(0.1)
        self._answer = b""

    def __enter__(self) -> Self:
        head = "POST /jobs/extract-face HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n"
        part = '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        body = "" if self._head_only else part
        self._connection.sendall(f"{head}content-type: multipart/form-data; boundary=x\r\n\r\n{body}".encode())
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def send(self) -> None:
        self._connection.sendall(b"a")

    def answered(self) -> bytes:
        """Send one more byte, and return the response once it is complete."""
        if not self._answer:
            self.send()
        with suppress(TimeoutError):
            self._answer += self._connection.recv(65536)
        return self._answer if self._answer.endswith(b"}") else b""


def test_many_concurrent_uploads_are_all_stored(serve: Serve, settings: Settings) -> None:
    url = serve(upload_memory=2 * len(DOCUMENT))  # two at a time
    with ThreadPoolExecutor(16) as pool:
        posts = pool.map(
            lambda _: httpx.post(f"{url}/jobs/extract-face", files={"file": DOCUMENT}, timeout=60).status_code,
            range(16),
        )
        assert list(posts) == [202] * 16
    assert len(stored(settings)) == 16
