"""Headers of every answer: what browsers must not do with it, and what a request's own handling adds."""

from collections.abc import Iterable, Mapping

from fastapi import Request
from secure import (
    CacheControl,
    ContentSecurityPolicy,
    CrossOriginOpenerPolicy,
    CrossOriginResourcePolicy,
    PermissionsPolicy,
    ReferrerPolicy,
    Secure,
    StrictTransportSecurity,
    XContentTypeOptions,
    XFrameOptions,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_STATE = "headers"

_CONSOLE = "/console/"
_PAGES = ("/docs", "/redoc", "/static-offline-docs")


Headers = list[tuple[bytes, bytes]]


def _raw(headers: Mapping[str, str]) -> Headers:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


def _with(present: Iterable[tuple[bytes, bytes]], fixed: Headers, more: Mapping[str, str]) -> Headers:
    """Return the headers that are there and, of the others, those that are not."""
    known = list(present)
    names = {name for name, _ in known}
    return known + [pair for pair in fixed + _raw(more) if pair[0] not in names]


def _secure(policy: ContentSecurityPolicy) -> Headers:
    return _raw(
        Secure(
            csp=policy.frame_ancestors("'none'").base_uri("'none'").form_action("'none'"),
            cache=CacheControl().no_store(),
            coop=CrossOriginOpenerPolicy().same_origin(),
            corp=CrossOriginResourcePolicy().same_origin(),  # what is asked for without CORS shows nothing either
            hsts=StrictTransportSecurity().max_age(31_536_000),  # a year; browsers heed it over TLS alone
            permissions=PermissionsPolicy().camera().geolocation().microphone(),
            referrer=ReferrerPolicy().no_referrer(),
            xcto=XContentTypeOptions().nosniff(),
            xfo=XFrameOptions().deny(),
        ).headers
    )


_ANSWERS = _secure(ContentSecurityPolicy().default_src("'none'"))

# The documentation pages are a framework's, with a script and styles in the page itself.
_DOCUMENTATION = _secure(
    ContentSecurityPolicy()
    .default_src("'self'")
    .script_src("'self'", "'unsafe-inline'")
    .style_src("'self'", "'unsafe-inline'")
    .img_src("'self'", "data:")
    .worker_src("'self'", "blob:")
)


# Ours: scripts, styles and answers of this service alone, nothing inline, and no text that becomes markup or script.
_PEOPLE = _secure(
    ContentSecurityPolicy()
    .default_src("'none'")
    .script_src("'self'")
    .style_src("'self'")
    .img_src("'self'", "data:", "blob:")
    .connect_src("'self'")
    .require_trusted_types_for("'script'")
    .trusted_types("'none'")
)


def _fixed(path: str) -> Headers:
    if path == "/" or path.startswith(_CONSOLE):
        return _PEOPLE
    return _DOCUMENTATION if path.startswith(_PAGES) else _ANSWERS


def add(request: Request, more: dict[str, str]) -> None:
    """Add headers to the answer of this request, whatever it will be."""
    request.scope["state"][_STATE].update(more)


class AnswerHeaders:
    """ASGI middleware that sets them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})[_STATE] = {}
        fixed = _fixed(scope["path"])

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _with(message["headers"], fixed, scope["state"][_STATE])
            await send(message)

        await self._app(scope, receive, send_with_headers)
