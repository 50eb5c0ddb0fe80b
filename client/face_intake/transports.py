"""Transports that send nothing once they are closed.

httpx refuses new requests of a closed client, but its transports open new connections, and a retry calls the transport.
Without this check, a thread whose request fails because the client was closed would send it again.
"""

import httpx

_CLOSED = "the client is closed"


class Transport(httpx.HTTPTransport):
    """Sends requests until it is closed. Then it raises a RuntimeError, which is not retried."""

    _is_closed = False

    def close(self) -> None:
        self._is_closed = True
        super().close()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._is_closed:
            raise RuntimeError(_CLOSED)
        return super().handle_request(request)


class AsyncTransport(httpx.AsyncHTTPTransport):
    """Sends requests until it is closed. Then it raises a RuntimeError, which is not retried."""

    _is_closed = False

    async def aclose(self) -> None:
        self._is_closed = True
        await super().aclose()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._is_closed:
            raise RuntimeError(_CLOSED)
        return await super().handle_async_request(request)
