"""The load, read at most once a second however often it is asked for, and the refusals that follow from it."""

import asyncio

from redis.exceptions import RedisError

from shared.errors import ServiceError
from shared.jobs import Intake, Load

_FRESH = 1.0  # seconds
_AWAY = 5  # seconds that a refused client stays away where the load cannot be read


class Gauge:
    """The load as of a moment ago: good enough to refuse by, and to estimate a wait."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._load: Load | None = None
        self._read_at = 0.0

    async def refusal(self) -> ServiceError:
        """Return the refusal of whoever is one too many, with the time after which it is worth coming back."""
        try:
            seconds = (await self.load()).retry_after
        except RedisError:
            seconds = _AWAY
        return ServiceError("overloaded", headers={"Retry-After": str(seconds)})

    async def load(self) -> Load:
        """Return the load of at most a second ago.

        Raises
        ------
        redis.exceptions.RedisError
            It cannot be read.

        """
        now = asyncio.get_running_loop().time()
        if self._load is None or now - self._read_at > _FRESH:
            self._read_at = now
            self._load = await self._intake.load()
        return self._load
