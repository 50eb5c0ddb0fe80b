"""How much a key may ask for: requests are counted here, jobs where they are created; in Redis, for all processes."""

import math
import time
from dataclasses import dataclass
from typing import Any

from limits.aio.storage import RedisStorage
from redis.asyncio import Redis

from api.auth.api_keys import ApiKey
from shared.errors import ServiceError
from shared.jobs import Allowance, Keys, Usage

RATE, QUOTA = "rate", "quota"

POLICY_HEADER, STATE_HEADER = "RateLimit-Policy", "RateLimit"

_REMEMBERED = 10.0
"""Seconds for which a quota that is used up is not asked for again: until then an operator's change may go unseen."""


@dataclass(frozen=True, slots=True)
class Use:
    """How far a limit has been used.

    Attributes
    ----------
    name, amount, seconds
        What it is called, and how much it allows in how long.
    remaining, reset
        How much of it is left, and in how many seconds it begins again.

    """

    name: str
    amount: int
    seconds: int
    remaining: int
    reset: int

    @classmethod
    def of_quota(cls, allowance: Allowance, usage: Usage) -> "Use":
        """Return the use of a quota."""
        remaining = max(0, allowance.jobs - usage.jobs)
        return cls(QUOTA, allowance.jobs, allowance.seconds, remaining, math.ceil(usage.seconds_left))


def limit_headers(*uses: Use | None) -> dict[str, str]:
    """Return the headers that say how much is left (draft-ietf-httpapi-ratelimit-headers-10); none without limits."""
    known = [use for use in uses if use is not None]
    if not known:
        return {}
    policies = (f'"{use.name}";q={use.amount};w={use.seconds}' for use in known)
    states = (f'"{use.name}";r={use.remaining};t={use.reset}' for use in known)
    return {POLICY_HEADER: ", ".join(policies), STATE_HEADER: ", ".join(states)}


def refusal(code: str, *uses: Use | None) -> ServiceError:
    """Return the problem that the last of these limits is used up."""
    last = uses[-1]
    reset = last.reset if last else 0
    return ServiceError(code, headers={**limit_headers(*uses), "Retry-After": str(max(1, reset))})


class Quota:
    """The limits of all keys, each in fixed windows that begin with the first request, or job, in them.

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
        self._spent: dict[Allowance, tuple[float, float]] = {}

    async def count_request(self, name: str, key: ApiKey) -> Use | None:
        """Count a request; return how far the key's rate has been used, None if it has none.

        Raises
        ------
        ServiceError
            ``rate_limited``, with ``Retry-After``.
        redis.exceptions.RedisError
            It could not be counted.

        """
        if key.rate is None:
            return None
        window, seconds = key.rate.key_for(RATE, name), key.rate.get_expiry()
        count = await self._counts.incr(window, seconds)
        use = Use(RATE, key.rate.amount, seconds, max(0, key.rate.amount - count), await self._seconds_left(window))
        if count > key.rate.amount:
            raise refusal("rate_limited", use)
        return use

    def check(self, allowance: Allowance, rate: Use | None) -> None:
        """Refuse a job whose owner was just refused another, before its documents are read.

        Raises
        ------
        ServiceError
            ``quota_exceeded``, with ``Retry-After``.

        """
        known_until, end = self._spent.get(allowance, (0.0, 0.0))
        now = time.monotonic()
        if now < known_until:
            raise refusal("quota_exceeded", rate, Use.of_quota(allowance, Usage(allowance.jobs, end - now)))

    def spent(self, allowance: Allowance, usage: Usage, rate: Use | None) -> ServiceError:
        """Return the problem that an owner has created all jobs that it may, and remember it for a while."""
        now = time.monotonic()
        self._spent[allowance] = now + min(_REMEMBERED, usage.seconds_left), now + usage.seconds_left
        return refusal("quota_exceeded", rate, Use.of_quota(allowance, usage))

    async def _seconds_left(self, window: str) -> int:
        """Return when a window ends; it does not move, so it is asked for once."""
        if self._ends.get(window, 0.0) <= time.time():
            self._ends[window] = await self._counts.get_expiry(window)
        return max(0, math.ceil(self._ends[window] - time.time()))
