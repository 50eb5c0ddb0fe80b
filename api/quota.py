"""How much a key may ask for: counted in Redis, so that all processes count together."""

import math
import time
from dataclasses import dataclass

from limits import RateLimitItem
from limits.aio.storage import RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter, RateLimiter, SlidingWindowCounterRateLimiter
from redis.asyncio import Redis

from api.keys import ApiKey
from shared.errors import ServiceError

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
    """The limits of all keys.

    Parameters
    ----------
    redis
        Whose connections are used.

    """

    def __init__(self, redis: Redis) -> None:
        # The implementation is named; the URL says no more than that it is Redis, the connections are ours.
        options = {"connection_pool": redis.connection_pool}
        storage = RedisStorage("async+redis://", implementation="redispy", key_prefix="limits", **options)  # type: ignore[arg-type]
        self._limiters: dict[str, RateLimiter] = {
            RATE: SlidingWindowCounterRateLimiter(storage),
            QUOTA: FixedWindowRateLimiter(storage),
        }

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
        asked = [(RATE, key.rate, True), (QUOTA, key.quota, document)]
        uses: list[Use] = []
        for which, limit, counts in asked:
            if limit is None:
                continue
            allowed = not counts or await self._limiters[which].hit(limit, name)
            uses.append(await self._look(which, limit, name))
            if not allowed:
                code = "rate_limited" if which == RATE else "quota_exceeded"
                raise ServiceError(code, headers={**_headers(uses), "Retry-After": str(max(1, uses[-1].reset))})
        return _headers(uses)

    async def _look(self, which: str, limit: RateLimitItem, name: str) -> Use:
        stats = await self._limiters[which].get_window_stats(limit, name)
        return Use(which, limit, max(0, stats.remaining), max(0, math.ceil(stats.reset_time - time.time())))


def _headers(uses: list[Use]) -> dict[str, str]:
    if not uses:
        return {}
    return {POLICY_HEADER: ", ".join(use.policy for use in uses), STATE_HEADER: ", ".join(use.state for use in uses)}
