"""A proxy before the service that fails as asked, and notes what was sent."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

Failure = tuple[int, dict[str, str]] | None
"""A status and headers to answer with; None to break the connection off."""

PASS: Failure = (0, {})
"""Among failures: a request that is answered before them."""


@dataclass
class Flaky:
    """What is to fail next, and what has been asked."""

    url: str = ""
    failures: list[Failure] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    """Of the next answers with results: after how many lines, and half of one more, the connection breaks off."""
    posts: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)


def broken_off(body: bytes, after: int) -> bytes:
    """Return so many lines of a body, and half of the next."""
    lines = body.splitlines(keepends=True)
    return b"".join([*lines[:after], lines[after][: len(lines[after]) // 2]])


@contextmanager
def flaky(target: str) -> Iterator[Flaky]:
    """Run the proxy for as long as the context lasts."""
    state = Flaky()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._pass("GET")

        def do_POST(self) -> None:
            self._pass("POST")

        def _pass(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            state.paths.append(self.path)
            if method == "POST":
                state.posts.append(dict(self.headers))
            failure = state.failures.pop(0) if state.failures else PASS
            if failure is None:
                self.close_connection = True
                self.connection.close()
                return
            if failure != PASS:
                self._answer(failure[0], failure[1], b"<html>a proxy's page</html>")
                return
            kept = {name: value for name, value in self.headers.items() if name.lower() not in {"host", "connection"}}
            answer = httpx.request(method, f"{target}{self.path}", content=body, headers=kept, timeout=60)
            cut = "/results" in self.path and bool(state.cuts)
            content = broken_off(answer.content, state.cuts.pop(0)) if cut else answer.content
            headers = {"content-type": answer.headers["content-type"]}
            self._answer(answer.status_code, headers, content, len(answer.content))

        def _answer(self, status: int, headers: dict[str, str], body: bytes, length: int | None = None) -> None:
            self.send_response(status)
            for name, value in {**headers, "content-length": str(length or len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = length != len(body)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
