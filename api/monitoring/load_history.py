"""Records the load every ten seconds, for ``GET /stats/history``."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared.jobs import Load, RedisKeys, read_history, record_load
from shared.stats_schemas import LoadHistory

_INTERVAL = 10.0  # seconds, as long as the time slices in which the load is stored


class LoadRecorder:
    """Records and reads the load of the whole system in the last hour. All API processes record the same.

    Parameters
    ----------
    redis
        A client that decodes responses.
    read_load
        Returns the current load.

    """

    def __init__(self, redis: Redis, keys: RedisKeys, read_load: Callable[[], Awaitable[Load]]) -> None:
        self._redis = redis
        self._keys = keys
        self._read_load = read_load

    async def read(self) -> LoadHistory:
        """Return the last sixty minutes.

        Raises
        ------
        redis.exceptions.RedisError

        """
        return await read_history(self._redis, self._keys)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Record the load as long as the context lasts."""
        stop = asyncio.Event()
        task = asyncio.create_task(self._record(stop))
        try:
            yield
        finally:
            stop.set()
            await task

    async def _record(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            with suppress(RedisError):  # the load is unknown, so this sample is missing
                await record_load(self._redis, self._keys, await self._read_load())
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _INTERVAL)
