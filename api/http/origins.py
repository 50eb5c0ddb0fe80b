"""Which web pages may ask for what: CORS by address, and a refusal where a page of another origin may not ask at all.

Any page that ``CORS_ORIGINS`` admits may use what the contract has for web applications, submit a job, and ask for one
by its id, which cannot be guessed: that shows a page nothing but what it handed in. Everything else lists or exports
what others handed in, or tells about the service, and answers only pages whose origin is named; ``*`` names none.

Browsers keep a page from reading an answer without CORS headers, but they send its requests. So what may not be read is
not done either: https://web.dev/articles/fetch-metadata.
"""

from typing import Final

from fastapi import FastAPI, Request
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from api.auth.rate_limiter import POLICY_HEADER, STATE_HEADER
from api.http import problems
from api.http.request_id import ID_HEADER
from shared import audit
from shared.errors import PROBLEMS
from shared.settings import Settings

ANY: Final = "*"

_OPEN = frozenset({"/", "/extract-face", "/compare-faces"})
_JOBS = "/jobs/"  # submission, a job by its id, its events

_STATE = "foreign"


def check(app: FastAPI, settings: Settings) -> None:
    """Answer pages of other origins as ``CORS_ORIGINS`` says."""
    app.add_middleware(Origins, origins=settings.cors_origins)


def is_foreign(request: Request) -> bool:
    """Tell whether a web page sent this whose origin is neither the service's own nor named by ``CORS_ORIGINS``."""
    return bool(request.scope["state"].get(_STATE))


class Origins:
    """ASGI middleware that answers pages of other origins, or refuses to.

    Parameters
    ----------
    origins
        Origins that may ask, as ``CORS_ORIGINS`` has them.

    """

    def __init__(self, app: ASGIApp, origins: list[str]) -> None:
        self._open = _cors(app, origins)
        self._closed = _cors(app, [origin for origin in origins if origin != ANY])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        policy = self._open if scope["type"] != "http" or _is_open(scope) else self._closed
        page = _foreign_page(scope) if scope["type"] == "http" else None
        if page is not None:
            if not policy.is_allowed_origin(page):
                audit.record("refuse", "origin_not_allowed")
                await problems.response(PROBLEMS["origin_not_allowed"])(scope, receive, send)
                return
            scope.setdefault("state", {})[_STATE] = not self._closed.is_allowed_origin(page)
        await policy(scope, receive, send)


def _cors(app: ASGIApp, origins: list[str]) -> CORSMiddleware:
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_credentials=False,  # keys are sent by name, never by a browser of its own accord
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=["ETag", "Location", "Retry-After", POLICY_HEADER, STATE_HEADER, ID_HEADER],
    )


def _is_open(scope: Scope) -> bool:
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    return path in _OPEN or path.startswith(_JOBS)


def _foreign_page(scope: Scope) -> str | None:
    """Return the origin of the page that sent a request, if it is not of the service's own; empty if it is not said.

    None for the service's own pages, for what is no browser, and for a person who follows a link or opens an address:
    what that shows no page can read. Where the browser does not say how page and service are related (an old one, or
    ``http`` to another machine), the page's host is compared with the one that was asked; its scheme is not, since a
    proxy may end TLS.
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
