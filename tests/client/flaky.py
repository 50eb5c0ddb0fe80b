"""A proxy in front of the service that fails on demand and records the requests."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

Failure = tuple[int, dict[str, str]] | None
"""Status and headers of the response; None to break the connection."""

PASS: Failure = (0, {})
"""An entry of ``failures`` that forwards the request."""


@dataclass
class FlakyProxy:
    """The failures to produce, and the requests received."""

    url: str = ""
    failures: list[Failure] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    """For each of the next responses with results: break the connection after this many lines and half of the next."""
    posts: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    hold_after: int | None = None
    """Hold each POST after this many until ``released`` is set."""
    released: threading.Event = field(default_factory=threading.Event)

    def hold(self) -> None:
        """Wait while the latest POST must be held."""
        if self.hold_after is not None and len(self.posts) > self.hold_after:
            self.released.wait()


def truncated(body: bytes, after: int) -> bytes:
    """Return this many lines of a body and half of the next line."""
    lines = body.splitlines(keepends=True)
    return b"".join([*lines[:after], lines[after][: len(lines[after]) // 2]])


@contextmanager
def flaky_proxy(target: str) -> Iterator[FlakyProxy]:
    """Run the proxy inside the context."""
    state = FlakyProxy()

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
                state.hold()
            failure = state.failures.pop(0) if state.failures else PASS
            if failure is None:
                self.close_connection = True
                self.connection.close()
                return
            if failure != PASS:
                self._respond(failure[0], failure[1], b"<html>a proxy's page</html>")
                return
            kept = {name: value for name, value in self.headers.items() if name.lower() not in {"host", "connection"}}
            response = httpx.request(method, f"{target}{self.path}", content=body, headers=kept, timeout=60)
            cut = "/results" in self.path and bool(state.cuts)
            content = truncated(response.content, state.cuts.pop(0)) if cut else response.content
            headers = {"content-type": response.headers["content-type"]}
            self._respond(response.status_code, headers, content, len(response.content))

        def _respond(self, status: int, headers: dict[str, str], body: bytes, length: int | None = None) -> None:
            self.send_response(status)
            for name, value in {**headers, "content-length": str(length or len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = length != len(body)

        def log_message(self, *args: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        state.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
