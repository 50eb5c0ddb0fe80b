"""Rate limits and job quotas of API keys, counted in Redis for all processes.

This module counts requests. Jobs are counted by the script that creates them.
"""

import math
import time
from dataclasses import dataclass
from typing import Any

from limits.aio.storage import RedisStorage
from redis.asyncio import Redis

from api.auth.api_keys import ApiKey
from api.http.headers import RATE_LIMIT_HEADER, RATE_LIMIT_POLICY_HEADER
from shared.errors import ServiceError
from shared.jobs import JobQuota, QuotaUsage, RedisKeys

RATE, QUOTA = "rate", "quota"

_CACHE_SECONDS = 10.0
"""Seconds for which an exceeded quota is cached. A change by the operator takes effect after this time at most."""


@dataclass(frozen=True, slots=True)
class LimitStatus:
    """The status of a limit.

    Attributes
    ----------
    name, amount, seconds
        Name of the limit, its amount, and the length of its period.
    remaining, reset
        Amount that is left, and seconds until the next period.

    """

    name: str
    amount: int
    seconds: int
    remaining: int
    reset: int

    @classmethod
    def of_quota(cls, quota: JobQuota, usage: QuotaUsage) -> "LimitStatus":
        """Return the status of a job quota."""
        remaining = max(0, quota.jobs - usage.jobs)
        return cls(QUOTA, quota.jobs, quota.seconds, remaining, math.ceil(usage.seconds_left))


def limit_headers(*limits: LimitStatus | None) -> dict[str, str]:
    """Return the rate limit headers (draft-ietf-httpapi-ratelimit-headers-10); none without limits."""
    known = [limit for limit in limits if limit is not None]
    if not known:
        return {}
    policies = (f'"{limit.name}";q={limit.amount};w={limit.seconds}' for limit in known)
    statuses = (f'"{limit.name}";r={limit.remaining};t={limit.reset}' for limit in known)
    return {RATE_LIMIT_POLICY_HEADER: ", ".join(policies), RATE_LIMIT_HEADER: ", ".join(statuses)}


def limit_error(code: str, *limits: LimitStatus | None) -> ServiceError:
    """Return the error that the last of these limits is exceeded."""
    last = limits[-1]
    reset = last.reset if last else 0
    return ServiceError(code, headers={**limit_headers(*limits), "Retry-After": str(max(1, reset))})


class RateLimiter:
    """Enforces the limits of all keys, in fixed periods that start with their first request or job.

    Parameters
    ----------
    redis
        Provides the connections.

    """

    def __init__(self, redis: Redis, keys: RedisKeys) -> None:
        # The URL only selects Redis; the connections come from the pool.
        options: Any = {"connection_pool": redis.connection_pool}
        self._counts = RedisStorage(
            "async+redis://", implementation="redispy", key_prefix=keys.name("limits"), **options
        )
        self._period_ends: dict[str, float] = {}
        self._exceeded: dict[JobQuota, tuple[float, float]] = {}

    async def count_request(self, name: str, key: ApiKey) -> LimitStatus | None:
        """Count a request; return the status of the rate limit, or None if the key has none.

        Raises
        ------
        ServiceError
            ``rate_limited``, with ``Retry-After``.
        redis.exceptions.RedisError
            The request could not be counted.

        """
        if key.rate is None:
            return None
        period, seconds = key.rate.key_for(RATE, name), key.rate.get_expiry()
        count = await self._counts.incr(period, seconds)
        status = LimitStatus(
            RATE, key.rate.amount, seconds, max(0, key.rate.amount - count), await self._seconds_left(period)
        )
        if count > key.rate.amount:
            raise limit_error("rate_limited", status)
        return status

    def check_quota(self, quota: JobQuota, rate: LimitStatus | None) -> None:
        """Refuse a job before its documents are read if its owner has just exceeded the quota.

        Raises
        ------
        ServiceError
            ``quota_exceeded``, with ``Retry-After``.

        """
        known_until, end = self._exceeded.get(quota, (0.0, 0.0))
        now = time.monotonic()
        if now < known_until:
            raise limit_error("quota_exceeded", rate, LimitStatus.of_quota(quota, QuotaUsage(quota.jobs, end - now)))

    def quota_exceeded(self, quota: JobQuota, usage: QuotaUsage, rate: LimitStatus | None) -> ServiceError:
        """Return the error that an owner has exceeded its quota, and cache this fact for a short time."""
        now = time.monotonic()
        self._exceeded[quota] = now + min(_CACHE_SECONDS, usage.seconds_left), now + usage.seconds_left
        return limit_error("quota_exceeded", rate, LimitStatus.of_quota(quota, usage))

    async def _seconds_left(self, period: str) -> int:
        """Return the seconds until a period ends. The end is fixed, so it is read once."""
        if self._period_ends.get(period, 0.0) <= time.time():
            self._period_ends[period] = await self._counts.get_expiry(period)
        return max(0, math.ceil(self._period_ends[period] - time.time()))
