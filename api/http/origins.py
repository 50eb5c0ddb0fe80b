"""Cross-origin requests: CORS by path, and refusal of requests from web pages of other origins.

Pages of all origins in ``CORS_ORIGINS`` may use the synchronous endpoints, submit jobs, and read a job by its id. Ids
cannot be guessed, so a page sees only its own documents. All other endpoints list or export documents of others, or
describe the service. They accept only origins that are listed by name; ``*`` does not count for them.

Without CORS headers, browsers do not let a page read the response, but they still send the request. So the server
refuses it: https://web.dev/articles/fetch-metadata.
"""

from collections.abc import Collection
from typing import Final

from fastapi import FastAPI, Request
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http import problems
from api.http.headers import RATE_LIMIT_HEADER, RATE_LIMIT_POLICY_HEADER
from api.http.request_id import ID_HEADER
from shared import audit
from shared.errors import PROBLEMS
from shared.settings import Settings

ANY: Final = "*"

_JOBS = "/jobs/"  # submission, a job by its id, and its events

_STATE = "cross_origin"


def install(app: FastAPI, settings: Settings, open_paths: Collection[str]) -> None:
    """Apply ``CORS_ORIGINS`` to requests from pages of other origins."""
    app.add_middleware(OriginPolicy, origins=settings.cors_origins, open_paths=open_paths)


def is_cross_origin(request: Request) -> bool:
    """Tell whether a page of another origin sent this: neither that of the service nor one in ``CORS_ORIGINS``."""
    return bool(request.scope["state"].get(_STATE))


class OriginPolicy:
    """ASGI middleware that adds CORS headers or refuses requests of other origins.

    Parameters
    ----------
    origins
        The origins in ``CORS_ORIGINS``.
    open_paths
        Paths that any of these origins may use, in addition to jobs; with ``*``, every origin.

    """

    def __init__(self, app: ASGIApp, origins: list[str], open_paths: Collection[str]) -> None:
        self._open_paths = frozenset(open_paths)
        self._open = _cors(app, origins)
        self._closed = _cors(app, [origin for origin in origins if origin != ANY])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        policy = self._open if scope["type"] != "http" or self._is_open(scope) else self._closed
        origin = _other_origin(scope) if scope["type"] == "http" else None
        if origin is not None:
            if not policy.is_allowed_origin(origin):
                audit.record("refuse", "origin_not_allowed")
                await problems.response(PROBLEMS["origin_not_allowed"])(scope, receive, send)
                return
            scope.setdefault("state", {})[_STATE] = not self._closed.is_allowed_origin(origin)
        await policy(scope, receive, send)

    def _is_open(self, scope: Scope) -> bool:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        return path in self._open_paths or path.startswith(_JOBS)


def _cors(app: ASGIApp, origins: list[str]) -> CORSMiddleware:
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_credentials=False,  # browsers never send API keys by themselves
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=["ETag", "Location", "Retry-After", RATE_LIMIT_POLICY_HEADER, RATE_LIMIT_HEADER, ID_HEADER],
    )


def _other_origin(scope: Scope) -> str | None:
    """Return the origin of the page that sent a request if it is another origin; empty if it is not known.

    None for pages of the service itself, for clients that are not browsers, and for a user who follows a link or enters
    a URL, since no page can read that response. Some browsers do not send ``Sec-Fetch-Site`` (old ones, or over
    ``http`` to another machine). Then this compares the host of the origin with the host of the request. It ignores the
    scheme, because a proxy may terminate TLS.
    """
    origin, site, mode, host = b"", b"", b"", b""
    for name, value in scope["headers"]:
        if name == b"origin":
            origin = value
        elif name == b"sec-fetch-site":
            site = value
        elif name == b"sec-fetch-mode":
            mode = value
        elif name == b"host":
            host = value
    if site:
        own = site in {b"same-origin", b"none"} or (mode == b"navigate" and scope["method"] in {"GET", "HEAD"})
    else:
        own = not origin or origin.partition(b"://")[2] == host
    return None if own else origin.decode("latin-1")
