"""The servers that a pool process connects to: Redis, the object store, the collector of traces."""

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
"""Parts of the names of options by which a store is given its credentials; without, it asks the machine for some."""

_TLS_FILES = ("ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile")


@dataclass(frozen=True, slots=True)
class Place:
    """A host and a port."""

    host: str
    port: int

    @property
    def is_name(self) -> bool:
        """Whether the host has to be looked up."""
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            return True
        return False


@dataclass(slots=True)
class Places:
    """Everything that a pool process connects to.

    Attributes
    ----------
    tcp, unix_sockets
        Where.
    files
        What is read to connect: certificates, keys and tokens.
    complete
        Whether these are all: servers that only Sentinels know are not, if no Sentinel answers.

    """

    tcp: set[Place] = field(default_factory=set)
    unix_sockets: set[Path] = field(default_factory=set)
    files: set[Path] = field(default_factory=set)
    complete: bool = True


def places_of(settings: Settings) -> Places:
    """Return the servers that the settings name. Asks the Sentinels, if there are any."""
    places = Places()
    _add_redis(places, settings.workers_redis_url)
    _add_object_store(places, settings)
    if settings.otel_exporter_otlp_endpoint:
        places.tcp |= set(_named([settings.otel_exporter_otlp_endpoint]))
        places.files |= set(certificate_files())
        # Its library and those of object stores alike go through a proxy that the environment names.
        places.tcp |= set(_named(_proxies()))
    return places


def _add_redis(places: Places, url: str) -> None:
    group = SentinelUrl.parse(url)
    if group is not None:
        places.tcp |= {Place(host, port) for host, port in group.hosts}
        places.files |= set(_tls_files(group.tls or {}))
        try:
            places.tcp |= set(_servers(group))
        except RedisError as error:
            log.warning("no Sentinel answers, connections are not restricted", error=reason(error))
            places.complete = False
        return
    read: Any = parse_url  # which has no annotations
    place = read(url)
    if "path" in place:
        places.unix_sockets.add(Path(place["path"]))
    else:
        places.tcp.add(Place(place.get("host", "localhost"), place.get("port", _REDIS)))
    places.files |= set(_tls_files(place))


def _tls_files(options: Mapping[str, Any]) -> Iterator[Path]:
    """Yield the files that redis-py reads at each connection."""
    yield from (Path(options[name]) for name in _TLS_FILES if name in options)


def _servers(group: SentinelUrl) -> Iterator[Place]:
    """Yield the primary and its replicas, each of which may be the primary later.

    Raises
    ------
    RedisError
        No Sentinel answers, or none knows the primary.

    """
    ask: Any = Sentinel  # whose annotations are not complete
    sentinels = ask(list(group.hosts), sentinel_kwargs=sentinel_arguments(group, _SENTINEL_TIMEOUT, Retry))
    yield Place(*sentinels.discover_master(group.service))
    yield from (Place(*address) for address in sentinels.discover_slaves(group.service))


def _add_object_store(places: Places, settings: Settings) -> None:
    """Add the endpoint that the URL, an option or the environment names, and who gives out credentials, if needed."""
    scheme = urlsplit(settings.blobs_url).scheme
    if scheme in {"file", "memory"}:
        return
    environment = object_store_environment()
    given = settings.storage_options.get_secret_value() if settings.storage_options else {}
    options = {**environment, **given}
    endpoints = set(_named([settings.blobs_url, *options.values(), *_proxies()]))
    places.tcp |= endpoints or {Place(scheme, _HTTPS)}
    if not any(part in name.lower() for name in options for part in _CREDENTIALS):
        # From the cloud's own addresses, at these ports.
        places.tcp |= {Place("metadata", _HTTP), Place("metadata", _HTTPS)}
    places.files |= set(_credential_files(environment))


def _credential_files(environment: Mapping[str, str]) -> Iterator[Path]:
    """Yield the files that the environment names, of tokens with their folders: a new token is another file there."""
    for name, value in environment.items():
        if name.endswith("_TOKEN_FILE"):
            yield Path(value).parent
        elif value.startswith("/"):
            yield Path(value)


def _proxies() -> list[str]:
    """Return the proxies that the environment names, often without a scheme."""
    return [value if "://" in value else f"http://{value}" for value in getproxies().values()]


def _named(values: Iterable[str]) -> Iterator[Place]:
    """Yield the places of those values that are URLs over HTTP, or of a proxy."""
    for value in values:
        parts = urlsplit(value)
        with suppress(ValueError):  # a port that is no number: nothing can be reached by it
            if parts.scheme in _DEFAULT_PORTS and parts.hostname:
                yield Place(parts.hostname, parts.port or _DEFAULT_PORTS[parts.scheme])
