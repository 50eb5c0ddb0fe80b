"""Redis behind Sentinels, which say where the primary is now: how they are named in one URL.

``redis+sentinel://[user:password@]host:port[,host:port...]/SERVICE[/DATABASE]``; the user and the password are those of
Redis itself. ``rediss+sentinel://`` is TLS to the Sentinels and to Redis, with the parameters of ``rediss://``
(``?ssl_ca_certs=FILE``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote, unquote, urlsplit

from redis.connection import parse_url

_SCHEME = "redis+sentinel"
_TLS_SCHEME = "rediss+sentinel"
_PORT = 26379


@dataclass(frozen=True, slots=True)
class SentinelUrl:
    """Where the Sentinels are, and whom to ask them for.

    Attributes
    ----------
    hosts
        Name and port of each.
    service
        What they call the group of servers.
    tls
        Arguments of redis-py for TLS; None for plain text.

    """

    hosts: tuple[tuple[str, int], ...]
    service: str
    database: int = 0
    username: str | None = None
    password: str | None = None
    tls: Mapping[str, Any] | None = None

    @classmethod
    def parse(cls, url: str) -> Self | None:
        """Read a URL; None if it is one of another kind.

        Raises
        ------
        ValueError
            It names no service, or a port or database that is no number; or it has parameters that are not of TLS.

        """
        scheme, _, place = url.partition("://")
        if scheme not in {_SCHEME, _TLS_SCHEME}:
            return None
        # The login ends at the last @: a password may contain a slash, although it should be written %2F.
        login, _, rest = place.rpartition("@")
        hosts, _, path = rest.partition("/")
        path, _, query = path.partition("?")
        username, _, password = (unquote(part) or None for part in login.partition(":"))
        service, _, database = path.strip("/").partition("/")
        if not service:
            raise ValueError("REDIS_URL names no service: redis+sentinel://HOST:26379/SERVICE")
        tls = _tls(query, encrypted=scheme == _TLS_SCHEME)
        return cls(tuple(map(_host, hosts.split(","))), service, int(database or 0), username, password, tls)

    @property
    def broker(self) -> str:
        """The same, as Celery writes it; the service goes into its transport's options."""
        login = login_for_url(self.username, self.password)
        return ";".join(f"sentinel://{login}{_bracketed(host)}:{port}/{self.database}" for host, port in self.hosts)


def login_for_url(username: str | None, password: str | None) -> str:
    """Return ``username:password@`` for a URL, percent-encoded; nothing without a password."""
    return f"{quote(username or '', safe='')}:{quote(password, safe='')}@" if password else ""


def _tls(query: str, *, encrypted: bool) -> Mapping[str, Any] | None:
    """Read the parameters of TLS. The certificate is verified unless they say otherwise."""
    read: Any = parse_url  # which has no annotations
    options: dict[str, Any] = read(f"rediss:///?{query}")
    del options["connection_class"]
    if not encrypted and options:
        raise ValueError("REDIS_URL has parameters that are of TLS: write rediss+sentinel://")
    if other := [name for name in options if not name.startswith("ssl_")]:
        raise ValueError(f"REDIS_URL has parameters that are not of TLS: {', '.join(other)}")
    return {"ssl_cert_reqs": "required", **options} if encrypted else None


def _host(text: str) -> tuple[str, int]:
    """Read ``name``, ``name:port``, ``[address]`` or ``[address]:port``; an IPv6 address is in brackets (RFC 3986)."""
    place = urlsplit(f"//{text}")
    if not place.hostname:
        raise ValueError(f"REDIS_URL names a Sentinel without a host: {text!r}")
    return place.hostname, place.port or _PORT


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
