"""The HTTP protocol of uvicorn, with limits on the size and the duration of the request head.

The module ``uploads`` limits the body. Neither uvicorn nor its parser limits the head. Without limits, a client that
sends headers without end, or slowly, could hold memory or a connection forever.
"""

import asyncio
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.http.problems import MEDIA_TYPE, problem_json
from shared.errors import PROBLEMS

HEAD_BYTES = 32 * 1024
"""Limit of request line and headers. Proxies commonly allow 8 to 32 KB."""

HEAD_SECONDS = 15.0
"""Time limit from the connection, or from the first byte of a further request, to the end of the headers. It is also
the time limit for the rest of a request after an early response."""


class BoundedProtocol(HttpToolsProtocol):
    """A connection with limits."""

    _head_open = True  # whether the next bytes belong to a request head
    _head_bytes = 0
    _heads = 0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        head = self._heads
        super().data_received(data)
        if not self._head_open or head != self._heads or self.transport.is_closing():
            return
        self._start_timer()
        self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES:
            self.send_400_response("request head too large")

    def on_headers_complete(self) -> None:
        self._head_open = False
        self._head_bytes = 0
        self._stop_timer()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._head_open = True
        self._heads += 1
        self._stop_timer()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """After an early response, keep reading the request for a limited time, so the client sees the response."""
        super().on_response_complete()
        if not self._head_open and not self.transport.is_closing():
            self._start_timer()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the signature of uvicorn
        """Respond to invalid HTTP with a problem document."""
        body = problem_json(PROBLEMS["invalid_request"]).encode()
        status = HTTPStatus.BAD_REQUEST
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\nconnection: close\r\ncontent-type: {MEDIA_TYPE}\r\n"
        self.transport.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        self.transport.close()

    def _start_timer(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_timer(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
