"""Supports ``HEAD`` for every URL that supports ``GET`` (RFC 9110, 9.3.2)."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadRequests:
    """ASGI middleware that runs the ``GET`` of a ``HEAD`` request and ends the response after its headers.

    Once the response has ended, the server reports a disconnect (``http.disconnect``) to the application, so that an
    endpoint that streams its response stops as if the client had closed the connection.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        # A copy: the server looks at the method in its own scope to decide how to frame the response.
        await self._app({**scope, "method": "GET"}, receive, send_headers)
