"""Reads the load at most once per second, and creates the error for clients that must wait."""

import asyncio

from redis.exceptions import RedisError

from shared.errors import ServiceError
from shared.jobs import JobRepository, Load

_MAX_AGE = 1.0  # seconds for which the load is cached
_RETRY_AFTER_UNKNOWN = 5  # seconds; Retry-After if the load cannot be read


class Backpressure:
    """A cached view of the load, precise enough to refuse requests and to estimate waiting times."""

    def __init__(self, jobs: JobRepository) -> None:
        self._jobs = jobs
        self._load: Load | None = None
        self._read_at = 0.0

    async def refusal(self) -> ServiceError:
        """Return the error ``overloaded``, with the time after which a retry is useful."""
        try:
            seconds = (await self.load()).retry_after
        except RedisError:
            seconds = _RETRY_AFTER_UNKNOWN
        return ServiceError("overloaded", headers={"Retry-After": str(seconds)})

    async def load(self) -> Load:
        """Return the load, at most one second old.

        Raises
        ------
        redis.exceptions.RedisError
            The load cannot be read.

        """
        now = asyncio.get_running_loop().time()
        if self._load is None or now - self._read_at > _MAX_AGE:
            self._read_at = now
            self._load = await self._jobs.load()
        return self._load
