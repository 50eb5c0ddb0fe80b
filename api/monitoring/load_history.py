"""Writes down, every ten seconds, how loaded the system is: what ``GET /stats/history`` shows of the last hour."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from redis.asyncio import Redis
from redis.exceptions import RedisError

from api.jobs.backpressure import Gauge
from shared.jobs import Keys, note_load, read_history
from shared.schemas import LoadHistory

_EVERY = 10.0  # seconds, as the buckets that it is written to


class History:
    """The last hour of the whole system, of which every API writes the same.

    Parameters
    ----------
    redis
        A client that decodes responses.
    gauge
        Where the load is read.

    """

    def __init__(self, redis: Redis, keys: Keys, gauge: Gauge) -> None:
        self._redis = redis
        self._keys = keys
        self._gauge = gauge

    async def read(self) -> LoadHistory:
        """Return the last sixty minutes.

        Raises
        ------
        redis.exceptions.RedisError

        """
        return await read_history(self._redis, self._keys)

    @asynccontextmanager
    async def being_written(self) -> AsyncIterator[None]:
        """Write it for as long as the context lasts."""
        stop = asyncio.Event()
        task = asyncio.create_task(self._write(stop))
        try:
            yield
        finally:
            stop.set()
            await task

    async def _write(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            with suppress(RedisError):  # then nobody knows how it stood
                await note_load(self._redis, self._keys, await self._gauge.load())
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _EVERY)
