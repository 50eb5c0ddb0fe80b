"""History of the last hour by minutes: counts of events, and samples of the load."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from redis.asyncio import Redis

from shared.jobs.redis_keys import RedisKeys
from shared.jobs.statistics.load import Load
from shared.jobs.statistics.rates import RATES_KEPT, TIME_SLICE, rate_field
from shared.queue import QUEUES
from shared.stats_schemas import LoadHistory, LoadPoint

_POINTS = 60
_SLICES_PER_POINT = 6  # time slices of a minute

_WAITING = "waiting:"
_SAMPLED = ("running", "workers")


async def record_load(redis: Redis, keys: RedisKeys, load: Load) -> None:
    """Store a sample of the load in the current time slice; the last sample of a slice replaces earlier ones.

    Once a minute, this removes samples that are older than an hour.

    Raises
    ------
    redis.exceptions.RedisError

    """
    seconds, _ = await redis.time()
    current = int(seconds) // TIME_SLICE
    sample = {f"{_WAITING}{queue}": count for queue, count in load.waiting.items()}
    sample |= {"running": load.running, "workers": load.workers}
    fields: dict[Any, Any] = {rate_field(current, name): count for name, count in sample.items()}
    await redis.hset(keys.rates, mapping=fields)
    if current % _SLICES_PER_POINT == 0:
        first = current - RATES_KEPT // TIME_SLICE
        fields_kept = [str(field) for field in await redis.hkeys(keys.rates)]
        # Slices in the future were written before the server clock was set back.
        expired = [field for field in fields_kept if not first <= int(field.partition(":")[0]) <= current]
        if expired:
            await redis.hdel(keys.rates, *expired)


async def read_history(redis: Redis, keys: RedisKeys) -> LoadHistory:
    """Read the last sixty complete minutes, oldest first, in two round trips.

    Raises
    ------
    redis.exceptions.RedisError

    """
    seconds, _ = await redis.time()
    end = math.floor(int(seconds) / (TIME_SLICE * _SLICES_PER_POINT)) * _SLICES_PER_POINT
    slices = range(end - _POINTS * _SLICES_PER_POINT, end)
    counts: dict[int, dict[str, str]] = {slice_number: {} for slice_number in slices}
    for field, count in (await redis.hgetall(keys.rates)).items():
        slice_number, _, name = str(field).partition(":")
        if int(slice_number) in counts:
            counts[int(slice_number)][name] = str(count)
    counts_by_slice = list(counts.values())
    return LoadHistory(
        points=[
            _point(slices[first] * TIME_SLICE, counts_by_slice[first : first + _SLICES_PER_POINT])
            for first in range(0, len(slices), _SLICES_PER_POINT)
        ]
    )


def _point(at: int, slices: Sequence[Mapping[str, str]]) -> LoadPoint:
    events = {
        name: sum(float(counts.get(name, 0)) for counts in slices) for name in ("started", "waited", "ended", "failed")
    }
    samples = [counts for counts in slices if all(name in counts for name in _SAMPLED)]
    most = {queue: max((int(sample.get(_WAITING + queue, 0)) for sample in samples), default=0) for queue in QUEUES}
    return LoadPoint(
        at=datetime.fromtimestamp(at, UTC),
        waiting=most if samples else None,
        running=int(samples[-1]["running"]) if samples else None,
        workers=int(samples[-1]["workers"]) if samples else None,
        ended=round(events["ended"]),
        failed=round(events["failed"]),
        mean_wait_seconds=round(events["waited"] / events["started"], 3) if events["started"] else None,
    )
