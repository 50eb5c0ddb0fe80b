"""Clients of Redis, made alike: of one server by its URL, or of whichever of a group is the primary now."""

from typing import Any

from redis import Redis, asyncio
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError, TimeoutError as RedisTimeoutError
from redis.retry import Retry
from redis.sentinel import (
    MasterNotFoundError,
    Sentinel,
    SentinelManagedConnection,
    SentinelManagedSSLConnection,
)

from shared.redis.sentinel import SentinelUrl

_TIMEOUT = 5.0
"""Seconds for one command: none of ours is slow, so a longer silence is a dead connection."""

_WORKER_RETRIES = 8
"""Attempts of a worker at one command, over some 40 s: a result is worth waiting for a restart of Redis."""

_HEARTBEAT_TIMEOUT = 1.0  # seconds

_API_RETRIES = 1
"""A second attempt, for a connection that died while idle; beyond it a client is better served by a 503."""


def worker_redis(url: str) -> Redis:
    """Return a blocking client that outlasts a restart of the server."""
    retry = Retry(ExponentialWithJitterBackoff(base=0.1, cap=10), _WORKER_RETRIES)
    return _client(url, _TIMEOUT, retry=retry, retry_on_error=[RedisConnectionError, RedisTimeoutError])


def heartbeat_redis(url: str) -> Redis:
    """Return a blocking client for a worker's event loop, which must not wait: one attempt, and soon given up."""
    return _client(url, _HEARTBEAT_TIMEOUT, retry=Retry(NoBackoff(), 0))


def api_redis(url: str) -> asyncio.Redis:
    """Return an asynchronous client that fails soon."""
    retry = asyncio.retry.Retry(ExponentialWithJitterBackoff(base=0.05, cap=0.5), _API_RETRIES)
    options = _options(_TIMEOUT, retry=retry, retry_on_error=[RedisConnectionError, RedisTimeoutError])
    group = SentinelUrl.parse(url)
    if group is None:
        return asyncio.Redis.from_url(url, **options)
    ask: Any = asyncio.Sentinel  # whose annotations are not complete
    sentinels = ask(list(group.hosts), sentinel_kwargs=sentinel_arguments(group, _TIMEOUT, asyncio.retry.Retry))
    client: asyncio.Redis = sentinels.master_for(group.service, **_login(group), **options)
    return client


def _client(url: str, timeout: float, **retries: Any) -> Redis:
    options = _options(timeout, **retries)
    group = SentinelUrl.parse(url)
    if group is None:
        return Redis.from_url(url, **options)
    ask: Any = Sentinel  # likewise
    sentinels = ask(list(group.hosts), sentinel_kwargs=sentinel_arguments(group, timeout, Retry))
    connection = _PrimaryConnection if group.tls is None else _PrimaryTlsConnection
    client: Redis = sentinels.master_for(group.service, connection_class=connection, **_login(group), **options)
    return client


class _PrimaryConnection(SentinelManagedConnection):
    """Asks the Sentinels each time that it connects.

    redis-py 8.1 asks them only when a connection is taken from the pool. A command that is tried again uses the same
    connection, and each attempt would go to the former primary.
    """

    def _connect(self) -> Any:  # noqa: ANN401 - as the library has it
        try:
            self.host, self.port = self.connection_pool.get_master_address()
        except MasterNotFoundError as error:
            raise OSError(str(error)) from error  # for the library, an attempt that failed
        open_socket: Any = super()._connect
        return open_socket()


class _PrimaryTlsConnection(_PrimaryConnection, SentinelManagedSSLConnection):
    """The same over TLS."""


def _options(timeout: float, **retries: Any) -> dict[str, Any]:
    return {"decode_responses": True, "socket_timeout": timeout, "socket_connect_timeout": timeout, **retries}


def sentinel_arguments(
    group: SentinelUrl, timeout: float, retry: type[Retry] | type[asyncio.retry.Retry]
) -> dict[str, Any]:
    """Return redis-py's arguments for the Sentinels themselves: no login, and one attempt, since the next one is asked.

    Parameters
    ----------
    group
        The Sentinels, and how they are reached.
    timeout
        Seconds for one command.
    retry
        redis-py's class, blocking or asynchronous.

    """
    return {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "retry": retry(NoBackoff(), 0),
        **_tls(group),
    }


def _login(group: SentinelUrl) -> dict[str, Any]:
    return {"username": group.username, "password": group.password, "db": group.database, **_tls(group)}


def _tls(group: SentinelUrl) -> dict[str, Any]:
    return {"ssl": True, **group.tls} if group.tls is not None else {}
