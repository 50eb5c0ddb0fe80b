"""Which host names the API answers to: without API keys, those of this machine and those that the settings name.

A web page can have its own name resolve to 127.0.0.1 (DNS rebinding). To the browser it is then of one origin with the
API and may read every answer. It cannot change the name that the browser sends as ``Host``.
"""

from functools import lru_cache
from ipaddress import ip_address

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http import problems
from shared import audit
from shared.errors import PROBLEMS
from shared.settings import Settings

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def check(app: FastAPI, settings: Settings, *, with_keys: bool) -> None:
    """Refuse requests to other hosts; with API keys any host will do, unless ``ALLOWED_HOSTS`` names some."""
    if settings.allowed_hosts or not with_keys:
        app.add_middleware(KnownHosts, hosts=[*LOOPBACK, *settings.allowed_hosts])


class KnownHosts:
    """ASGI middleware: Starlette's check of ``Host``, with a problem document for an answer.

    A host that is the very IP address which the connection came to is known, too. Probes of Kubernetes and Prometheus
    name it, and no name can be made to look like it.

    Parameters
    ----------
    hosts
        Names without ports, in lower case; ``*.example.org`` is every name of a domain, ``*`` every name.

    """

    def __init__(self, app: ASGIApp, hosts: list[str]) -> None:
        self._app = app
        self._named = TrustedHostMiddleware(_silent, allowed_hosts=hosts, www_redirect=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or await self._is_named(scope, receive) or _is_own_address(scope):
            await self._app(scope, receive, send)
            return
        audit.record("refuse", "host_not_allowed")
        await problems.response(PROBLEMS["host_not_allowed"])(scope, receive, send)

    async def _is_named(self, scope: Scope, receive: Receive) -> bool:
        refused = False

        async def refuse(_: Message) -> None:
            nonlocal refused
            refused = True  # the application behind it says nothing, so this is Starlette's own answer

        await self._named(scope, receive, refuse)
        return not refused


async def _silent(_: Scope, __: Receive, ___: Send) -> None:
    pass


def _is_own_address(scope: Scope) -> bool:
    address = (scope.get("server") or ("",))[0]
    host = Headers(scope=scope).get("host", "")
    own = f"[{address}]" if ":" in address else address
    named, _, port = host.removeprefix(own).rpartition(":")
    return (host == own or (host.startswith(f"{own}:") and not named and port.isdigit())) and _is_address(address)


@lru_cache
def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:  # a Unix socket
        return False
    return True
