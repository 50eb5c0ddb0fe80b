"""How much a key may ask for: counted in Redis, so that all processes count together."""

import math
import time
from dataclasses import dataclass
from typing import Any

from limits import RateLimitItem
from limits.aio.storage import RedisStorage
from redis.asyncio import Redis

from api.keys import ApiKey
from shared.errors import ServiceError
from shared.jobs import Keys

RATE, QUOTA = "rate", "quota"

POLICY_HEADER, STATE_HEADER = "RateLimit-Policy", "RateLimit"


@dataclass(frozen=True, slots=True)
class Use:
    """How far a limit has been used."""

    name: str
    limit: RateLimitItem
    remaining: int
    reset: int

    @property
    def policy(self) -> str:
        return f'"{self.name}";q={self.limit.amount};w={self.limit.get_expiry()}'

    @property
    def state(self) -> str:
        return f'"{self.name}";r={self.remaining};t={self.reset}'


class Quota:
    """The limits of all keys, each in fixed windows that begin with the first request in them.

    Parameters
    ----------
    redis
        Whose connections are used.

    """

    def __init__(self, redis: Redis, keys: Keys) -> None:
        # The implementation is named; the URL says no more than that it is Redis, the connections are ours.
        options: Any = {"connection_pool": redis.connection_pool}
        self._counts = RedisStorage(
            "async+redis://", implementation="redispy", key_prefix=keys.name("limits"), **options
        )
        self._ends: dict[str, float] = {}

    async def use(self, name: str, key: ApiKey, *, document: bool) -> dict[str, str]:
        """Count a request, and a document if it hands one in.

        Returns
        -------
        dict[str, str]
            Headers that say how much is left (draft-ietf-httpapi-ratelimit-headers-10).

        Raises
        ------
        ServiceError
            ``rate_limited`` or ``quota_exceeded``, with ``Retry-After``.
        redis.exceptions.RedisError
            It could not be counted.

        """
        uses: list[Use] = []
        for which, limit in ((RATE, key.rate), (QUOTA, key.quota if document else None)):
            if limit is None:
                continue
            window = limit.key_for(which, name)
            count = await self._counts.incr(window, limit.get_expiry())
            uses.append(Use(which, limit, max(0, limit.amount - count), await self._seconds_left(window)))
            if count > limit.amount:
                code = "rate_limited" if which == RATE else "quota_exceeded"
                raise ServiceError(code, headers={**_headers(uses), "Retry-After": str(max(1, uses[-1].reset))})
        return _headers(uses)

    async def _seconds_left(self, window: str) -> int:
        """Return when a window ends; it does not move, so it is asked for once."""
        if self._ends.get(window, 0.0) <= time.time():
            self._ends[window] = await self._counts.get_expiry(window)
        return max(0, math.ceil(self._ends[window] - time.time()))


def _headers(uses: list[Use]) -> dict[str, str]:
    if not uses:
        return {}
    return {POLICY_HEADER: ", ".join(use.policy for use in uses), STATE_HEADER: ", ".join(use.state for use in uses)}
