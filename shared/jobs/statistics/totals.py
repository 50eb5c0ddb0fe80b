"""Counts since the start of the system. The scripts increment them, so no process restart loses any."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from redis.asyncio import Redis

from shared.jobs.redis_keys import RedisKeys


@dataclass(frozen=True, slots=True)
class Totals:
    """Counters that never decrease, even if processes restart.

    Attributes
    ----------
    ended
        Jobs by kind and outcome: ``succeeded``, or the code of the failure.
    attempts
        Attempts started, by kind of job.
    webhooks
        Webhook attempts by state: ``delivered``, ``pending`` (to be retried), ``given_up``.
    reaper_runs, leases_lost, messages_lost
        Runs of the reaper; jobs whose lease had expired; jobs that were published again because their message was lost.

    """

    ended: Mapping[tuple[str, str], int]
    attempts: Mapping[str, int]
    webhooks: Mapping[str, int]
    reaper_runs: int
    leases_lost: int
    messages_lost: int


async def read_totals(redis: Redis, keys: RedisKeys) -> Totals:
    """Read the totals in one round trip."""
    fields = {str(name): int(value) for name, value in (await redis.hgetall(keys.totals)).items()}
    ended, attempts, webhooks = Counter[tuple[str, str]](), Counter[str](), Counter[str]()
    for name, count in fields.items():
        match name.split(":"):
            case ["ended", kind, outcome]:
                ended[kind, outcome] = count
            case ["attempts", kind]:
                attempts[kind] = count
            case ["callbacks", state]:
                webhooks[state] = count
    return Totals(
        ended,
        attempts,
        webhooks,
        reaper_runs=fields.get("reaper_runs", 0),
        leases_lost=fields.get("leases_lost", 0),
        messages_lost=fields.get("messages_lost", 0),
    )
