"""The endpoints that a pool process connects to: Redis, the object store and the trace collector."""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from redis.connection import parse_url
from redis.exceptions import RedisError
from redis.retry import Retry
from redis.sentinel import Sentinel

from shared.logs import get_logger, reason
from shared.redis.connections import sentinel_arguments
from shared.redis.sentinel import SentinelUrl
from shared.settings import Settings, certificate_files, object_store_environment

log = get_logger(__name__)

DNS = 53
_REDIS, _HTTP, _HTTPS = 6379, 80, 443
_DEFAULT_PORTS = {"http": _HTTP, "https": _HTTPS, "socks5": 1080}

_SENTINEL_TIMEOUT = 3.0  # seconds

_CREDENTIALS = ("secret", "access_key", "account_key", "service_account_key", "sas_")
"""Parts of the names of credential options. Without such an option, the store asks the cloud's metadata server."""

_TLS_FILES = ("ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host and a port."""

    host: str
    port: int

    @property
    def is_name(self) -> bool:
        """Whether the host is a name that needs a DNS lookup."""
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            return True
        return False


@dataclass(slots=True)
class Endpoints:
    """Everything that a pool process connects to.

    Attributes
    ----------
    tcp, unix_sockets
        The addresses.
    files
        Files that connecting needs: certificates, keys and tokens.
    complete
        Whether the list is complete. It is not if Redis is behind Sentinels and no Sentinel responds.

    """

    tcp: set[Endpoint] = field(default_factory=set)
    unix_sockets: set[Path] = field(default_factory=set)
    files: set[Path] = field(default_factory=set)
    complete: bool = True


def endpoints_from_settings(settings: Settings) -> Endpoints:
    """Return the endpoints that the settings name. If Redis is behind Sentinels, ask them for the servers."""
    endpoints = Endpoints()
    _add_redis(endpoints, settings.workers_redis_url)
    _add_object_store(endpoints, settings)
    if settings.otel_exporter_otlp_endpoint:
        endpoints.tcp |= set(_named([settings.otel_exporter_otlp_endpoint]))
        endpoints.files |= set(certificate_files())
        # The exporter's library, like those of object stores, uses a proxy that the environment names.
        endpoints.tcp |= set(_named(_proxies()))
    return endpoints


def _add_redis(endpoints: Endpoints, url: str) -> None:
    group = SentinelUrl.parse(url)
    if group is not None:
        endpoints.tcp |= {Endpoint(host, port) for host, port in group.hosts}
        endpoints.files |= set(_tls_files(group.tls or {}))
        try:
            endpoints.tcp |= set(_servers(group))
        except RedisError as error:
            log.warning("no Sentinel responds: TCP connections are not restricted", error=reason(error))
            endpoints.complete = False
        return
    parse: Any = parse_url  # it has no annotations
    options = parse(url)
    if "path" in options:
        endpoints.unix_sockets.add(Path(options["path"]))
    else:
        endpoints.tcp.add(Endpoint(options.get("host", "localhost"), options.get("port", _REDIS)))
    endpoints.files |= set(_tls_files(options))


def _tls_files(options: Mapping[str, Any]) -> Iterator[Path]:
    """Yield the files that redis-py reads for each connection."""
    yield from (Path(options[name]) for name in _TLS_FILES if name in options)


def _servers(group: SentinelUrl) -> Iterator[Endpoint]:
    """Yield the primary and its replicas. Each replica may become the primary.

    Raises
    ------
    RedisError
        No Sentinel responds, or none knows the primary.

    """
    sentinel_class: Any = Sentinel  # its annotations are incomplete
    sentinels = sentinel_class(list(group.hosts), sentinel_kwargs=sentinel_arguments(group, _SENTINEL_TIMEOUT, Retry))
    yield Endpoint(*sentinels.discover_master(group.service))
    yield from (Endpoint(*address) for address in sentinels.discover_slaves(group.service))


def _add_object_store(endpoints: Endpoints, settings: Settings) -> None:
    """Add the endpoint from the URL, the options or the environment, and the metadata server if it is needed."""
    scheme = urlsplit(settings.blobs_url).scheme
    if scheme in {"file", "memory"}:
        return
    environment = object_store_environment()
    given = settings.storage_options.get_secret_value() if settings.storage_options else {}
    options = {**environment, **given}
    named = set(_named([settings.blobs_url, *options.values(), *_proxies()]))
    endpoints.tcp |= named or {Endpoint(scheme, _HTTPS)}
    if not any(part in name.lower() for name in options for part in _CREDENTIALS):
        # The cloud's metadata server gives the credentials, at these ports.
        endpoints.tcp |= {Endpoint("metadata", _HTTP), Endpoint("metadata", _HTTPS)}
    endpoints.files |= set(_credential_files(environment))


def _credential_files(environment: Mapping[str, str]) -> Iterator[Path]:
    """Yield the files that the environment names. For a token, yield its folder: a new token is a new file there."""
    for name, value in environment.items():
        if name.endswith("_TOKEN_FILE"):
            yield Path(value).parent
        elif value.startswith("/"):
            yield Path(value)


def _proxies() -> list[str]:
    """Return the proxies that the environment names; their values often have no scheme."""
    named = {kind: value for kind, value in getproxies().items() if kind != "no"}  # NO_PROXY lists hosts
    return [value if "://" in value else f"http://{value}" for value in named.values()]


def _named(values: Iterable[str]) -> Iterator[Endpoint]:
    """Yield the endpoints of the values that are URLs of HTTP servers or proxies."""
    for value in values:
        parts = urlsplit(value)
        with suppress(ValueError):  # an invalid port: nothing connects to it
            if parts.scheme in _DEFAULT_PORTS and parts.hostname:
                yield Endpoint(parts.hostname, parts.port or _DEFAULT_PORTS[parts.scheme])
