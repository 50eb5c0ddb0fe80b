"""URLs for a group of Redis servers that Sentinels manage.

The format is ``redis+sentinel://[user:password@]host:port[,host:port...]/SERVICE[/DATABASE]``. User and password are
those of Redis, not of the Sentinels. ``rediss+sentinel://`` uses TLS to the Sentinels and to Redis, with the parameters
of ``rediss://`` (``?ssl_ca_certs=FILE``).
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
    """A parsed Sentinel URL.

    Attributes
    ----------
    hosts
        Host name and port of each Sentinel.
    service
        Name of the group of servers.
    tls
        TLS arguments of redis-py; None without TLS.

    """

    hosts: tuple[tuple[str, int], ...]
    service: str
    database: int = 0
    username: str | None = None
    password: str | None = None
    tls: Mapping[str, Any] | None = None

    @classmethod
    def parse(cls, url: str) -> Self | None:
        """Parse a URL; None if it is not a Sentinel URL.

        Raises
        ------
        ValueError
            The service is missing, a port or the database is not a number, or a parameter is not about TLS.

        """
        scheme, _, rest = url.partition("://")
        if scheme not in {_SCHEME, _TLS_SCHEME}:
            return None
        # The login ends at the last @, since a password may contain a slash that is not encoded as %2F.
        login, _, rest = rest.rpartition("@")
        hosts, _, path = rest.partition("/")
        path, _, query = path.partition("?")
        username, _, password = (unquote(part) or None for part in login.partition(":"))
        service, _, database = path.strip("/").partition("/")
        if not service:
            raise ValueError("REDIS_URL has no service name: use redis+sentinel://HOST:26379/SERVICE")
        tls = _tls(query, encrypted=scheme == _TLS_SCHEME)
        return cls(tuple(map(_host, hosts.split(","))), service, int(database or 0), username, password, tls)

    @property
    def broker(self) -> str:
        """The URL in the format of Celery. The service is set in the transport options."""
        login = login_for_url(self.username, self.password)
        return ";".join(f"sentinel://{login}{_bracketed(host)}:{port}/{self.database}" for host, port in self.hosts)


def login_for_url(username: str | None, password: str | None) -> str:
    """Return ``username:password@`` for a URL, percent-encoded; empty without a password."""
    return f"{quote(username or '', safe='')}:{quote(password, safe='')}@" if password else ""


def _tls(query: str, *, encrypted: bool) -> Mapping[str, Any] | None:
    """Parse the TLS parameters. The certificate is verified unless they disable it."""
    parse: Any = parse_url  # it has no annotations
    options: dict[str, Any] = parse(f"rediss:///?{query}")
    del options["connection_class"]
    if not encrypted and options:
        raise ValueError("REDIS_URL has TLS parameters: use rediss+sentinel://")
    if other := [name for name in options if not name.startswith("ssl_")]:
        raise ValueError(f"REDIS_URL has unsupported parameters, only TLS parameters are allowed: {', '.join(other)}")
    return {"ssl_cert_reqs": "required", **options} if encrypted else None


def _host(text: str) -> tuple[str, int]:
    """Parse ``name``, ``name:port``, ``[address]`` or ``[address]:port``; IPv6 addresses are in brackets (RFC 3986)."""
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError(f"REDIS_URL has a Sentinel without a host: {text!r}")
    return parts.hostname, parts.port or _PORT


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
