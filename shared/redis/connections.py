"""Creates Redis clients: for a single server, or for the current primary of a group that Sentinels manage."""

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
"""Seconds for one command. All commands are fast, so a longer wait means that the connection is dead."""

_WORKER_RETRIES = 8
"""Retries of one command in a worker, over about 40 s, so that a restart of Redis loses no result."""

_HEARTBEAT_TIMEOUT = 1.0  # seconds

_API_RETRIES = 1
"""One retry, for connections that died while idle. After that, the client receives a 503."""


def worker_redis(url: str) -> Redis:
    """Return a blocking client whose retries survive a restart of the server."""
    retry = Retry(ExponentialWithJitterBackoff(base=0.1, cap=10), _WORKER_RETRIES)
    return _client(url, _TIMEOUT, retry=retry, retry_on_error=[RedisConnectionError, RedisTimeoutError])


def heartbeat_redis(url: str) -> Redis:
    """Return a blocking client for the event loop of a worker: a short timeout and no retries."""
    return _client(url, _HEARTBEAT_TIMEOUT, retry=Retry(NoBackoff(), 0))


def api_redis(url: str) -> asyncio.Redis:
    """Return an asynchronous client with one retry."""
    retry = asyncio.retry.Retry(ExponentialWithJitterBackoff(base=0.05, cap=0.5), _API_RETRIES)
    options = _options(_TIMEOUT, retry=retry, retry_on_error=[RedisConnectionError, RedisTimeoutError])
    group = SentinelUrl.parse(url)
    if group is None:
        return asyncio.Redis.from_url(url, **options)
    create: Any = asyncio.Sentinel  # its annotations are incomplete
    sentinels = create(list(group.hosts), sentinel_kwargs=sentinel_arguments(group, _TIMEOUT, asyncio.retry.Retry))
    client: asyncio.Redis = sentinels.master_for(group.service, **_login(group), **options)
    return client


def _client(url: str, timeout: float, **retries: Any) -> Redis:
    options = _options(timeout, **retries)
    group = SentinelUrl.parse(url)
    if group is None:
        return Redis.from_url(url, **options)
    create: Any = Sentinel  # its annotations are incomplete
    sentinels = create(list(group.hosts), sentinel_kwargs=sentinel_arguments(group, timeout, Retry))
    connection = _PrimaryConnection if group.tls is None else _PrimaryTlsConnection
    client: Redis = sentinels.master_for(group.service, connection_class=connection, **_login(group), **options)
    return client


class _PrimaryConnection(SentinelManagedConnection):
    """Asks the Sentinels for the primary each time it connects.

    redis-py 8.1 asks them only when a connection is taken from the pool. A retried command uses the same connection, so
    all retries would go to the former primary.
    """

    def _connect(self) -> Any:  # noqa: ANN401 - as in the library
        try:
            self.host, self.port = self.connection_pool.get_master_address()
        except MasterNotFoundError as error:
            raise OSError(str(error)) from error  # so that the library retries
        open_socket: Any = super()._connect
        return open_socket()


class _PrimaryTlsConnection(_PrimaryConnection, SentinelManagedSSLConnection):
    """The same over TLS."""


def _options(timeout: float, **retries: Any) -> dict[str, Any]:
    return {"decode_responses": True, "socket_timeout": timeout, "socket_connect_timeout": timeout, **retries}


def sentinel_arguments(
    group: SentinelUrl, timeout: float, retry: type[Retry] | type[asyncio.retry.Retry]
) -> dict[str, Any]:
    """Return the arguments for connections to the Sentinels: no login and no retries, since the next Sentinel is asked.

    Parameters
    ----------
    group
        The Sentinels.
    timeout
        Seconds for one command.
    retry
        Retry class of redis-py, blocking or asynchronous.

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
