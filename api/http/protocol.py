"""uvicorn's HTTP protocol, with bounds on a request's head: in bytes and in time.

The body is bounded in ``uploads``. Of the head neither uvicorn nor its parser bound anything: a client that sends
headers for ever, or a byte of them now and then, would hold memory, or a connection, for as long as it likes.
"""

import asyncio
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.http.problems import MEDIA_TYPE, document_of
from shared.errors import PROBLEMS

HEAD_BYTES = 32 * 1024
"""Request line and headers; proxies commonly allow 8 to 32 KB."""

HEAD_SECONDS = 15.0
"""From the connection, or the first byte of a further request, to the end of its headers; and from an answer to the end
of a request that did not need to be read to the end."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    _head_open = True  # whether the next bytes belong to a head
    _head_bytes = 0
    _heads = 0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_clock()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        head = self._heads
        super().data_received(data)
        if not self._head_open or head != self._heads or self.transport.is_closing():
            return
        self._start_clock()
        self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES:
            self.send_400_response("head too large")

    def on_headers_complete(self) -> None:
        self._head_open = False
        self._head_bytes = 0
        self._stop_clock()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._head_open = True
        self._heads += 1
        self._stop_clock()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Read on if this was answered before its end: else its client might not see the answer. But not for long."""
        super().on_response_complete()
        if not self._head_open and not self.transport.is_closing():
            self._start_clock()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's signature; ours says as much
        """Answer what is no request as any other that is bad."""
        body = document_of(PROBLEMS["invalid_request"]).encode()
        status = HTTPStatus.BAD_REQUEST
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\nconnection: close\r\ncontent-type: {MEDIA_TYPE}\r\n"
        self.transport.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        self.transport.close()

    def _start_clock(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
