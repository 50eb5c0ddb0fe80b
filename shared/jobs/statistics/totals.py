"""What has happened since the records began, counted where it happens: in the scripts, once and for all processes."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from redis.asyncio import Redis

from shared.jobs.redis_keys import Keys


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts that never fall, whichever process is restarted.

    Attributes
    ----------
    ended
        Jobs by kind and outcome: ``succeeded``, or the code of the failure.
    attempts
        Attempts begun, by kind of job.
    callbacks
        Attempts to tell receivers, by what followed: ``delivered``, ``pending`` (to be tried again), ``given_up``.
    reaper_runs, leases_lost, messages_lost
        Runs of the reaper; jobs that it found with a lease that had run out; jobs that it published again, since their
        message was lost.

    """

    ended: Mapping[tuple[str, str], int]
    attempts: Mapping[str, int]
    callbacks: Mapping[str, int]
    reaper_runs: int
    leases_lost: int
    messages_lost: int


async def read_totals(redis: Redis, keys: Keys) -> Totals:
    """Read the totals in one round trip."""
    fields = {str(name): int(value) for name, value in (await redis.hgetall(keys.totals)).items()}
    ended, attempts, callbacks = Counter[tuple[str, str]](), Counter[str](), Counter[str]()
    for name, count in fields.items():
        match name.split(":"):
            case ["ended", kind, outcome]:
                ended[kind, outcome] = count
            case ["attempts", kind]:
                attempts[kind] = count
            case ["callbacks", state]:
                callbacks[state] = count
    return Totals(
        ended,
        attempts,
        callbacks,
        reaper_runs=fields.get("reaper_runs", 0),
        leases_lost=fields.get("leases_lost", 0),
        messages_lost=fields.get("messages_lost", 0),
    )
