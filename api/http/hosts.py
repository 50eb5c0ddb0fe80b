"""Allowed host names. Without API keys, these are the names of this machine and those in the settings.

A website can let its own host name resolve to 127.0.0.1 (DNS rebinding). The browser then treats its pages as the same
origin as the API and lets them read all responses. But the website cannot change the name in the ``Host`` header.
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


def install(app: FastAPI, settings: Settings, *, with_keys: bool) -> None:
    """Refuse requests for other hosts. With API keys, this applies only if ``ALLOWED_HOSTS`` is set."""
    if settings.allowed_hosts or not with_keys:
        app.add_middleware(AllowedHosts, hosts=[*LOOPBACK, *settings.allowed_hosts])


class AllowedHosts:
    """ASGI middleware: the ``Host`` check of Starlette, with a problem document as response.

    The IP address that received the connection is allowed as well. Probes of Kubernetes and Prometheus use it, and a
    host name cannot imitate it.

    Parameters
    ----------
    hosts
        Names without ports, in lower case; ``*.example.org`` allows all subdomains, ``*`` allows all names.

    """

    def __init__(self, app: ASGIApp, hosts: list[str]) -> None:
        self._app = app
        self._checker = TrustedHostMiddleware(_no_response, allowed_hosts=hosts, www_redirect=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or await self._is_allowed_name(scope, receive) or _is_own_address(scope):
            await self._app(scope, receive, send)
            return
        audit.record("refuse", "host_not_allowed")
        await problems.response(PROBLEMS["host_not_allowed"])(scope, receive, send)

    async def _is_allowed_name(self, scope: Scope, receive: Receive) -> bool:
        refused = False

        async def refuse(_: Message) -> None:
            nonlocal refused
            refused = True  # the application behind it sends nothing, so Starlette sent this response

        await self._checker(scope, receive, refuse)
        return not refused


async def _no_response(_: Scope, __: Receive, ___: Send) -> None:
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
