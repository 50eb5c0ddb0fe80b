"""The last hour, minute by minute: what happened, from the buckets of the rates, and how it stood, from who looked."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from redis.asyncio import Redis

from shared.jobs.redis_keys import Keys
from shared.jobs.statistics.load import Load
from shared.jobs.statistics.rates import BUCKET, RATES_KEPT, rate_field
from shared.queue import QUEUES
from shared.schemas import LoadHistory, LoadPoint

_POINTS = 60
_A_POINT = 6  # buckets that make a minute

_WAITING = "waiting:"
_STOOD = ("running", "workers")


async def note_load(redis: Redis, keys: Keys, load: Load) -> None:
    """Write down how it stands, in the bucket of now; whoever comes last within the ten seconds is right.

    Once a minute, what is older than an hour is removed.

    Raises
    ------
    redis.exceptions.RedisError

    """
    seconds, _ = await redis.time()
    bucket = int(seconds) // BUCKET
    stands = {f"{_WAITING}{queue}": count for queue, count in load.waiting.items()}
    stands |= {"running": load.running, "workers": load.workers}
    fields: dict[Any, Any] = {rate_field(bucket, name): count for name, count in stands.items()}
    await redis.hset(keys.rates, mapping=fields)
    if bucket % _A_POINT == 0:
        first = bucket - RATES_KEPT // BUCKET
        noted = [str(field) for field in await redis.hkeys(keys.rates)]
        # What is ahead was noted before the server's clock was set back.
        old = [field for field in noted if not first <= int(field.partition(":")[0]) <= bucket]
        if old:
            await redis.hdel(keys.rates, *old)


async def read_history(redis: Redis, keys: Keys) -> LoadHistory:
    """Read the last sixty whole minutes in two round trips, oldest first.

    Raises
    ------
    redis.exceptions.RedisError

    """
    seconds, _ = await redis.time()
    end = math.floor(int(seconds) / (BUCKET * _A_POINT)) * _A_POINT
    buckets = range(end - _POINTS * _A_POINT, end)
    counts: dict[int, dict[str, str]] = {bucket: {} for bucket in buckets}
    for field, count in (await redis.hgetall(keys.rates)).items():
        bucket, _, name = str(field).partition(":")
        if int(bucket) in counts:
            counts[int(bucket)][name] = str(count)
    answers = list(counts.values())
    return LoadHistory(
        points=[
            _point(buckets[first] * BUCKET, answers[first : first + _A_POINT])
            for first in range(0, len(buckets), _A_POINT)
        ]
    )


def _point(at: int, buckets: Sequence[Mapping[str, str]]) -> LoadPoint:
    happened = {name: sum(float(b.get(name, 0)) for b in buckets) for name in ("started", "waited", "ended", "failed")}
    looks = [bucket for bucket in buckets if all(name in bucket for name in _STOOD)]
    most = {queue: max((int(look.get(_WAITING + queue, 0)) for look in looks), default=0) for queue in QUEUES}
    return LoadPoint(
        at=datetime.fromtimestamp(at, UTC),
        waiting=most if looks else None,
        running=int(looks[-1]["running"]) if looks else None,
        workers=int(looks[-1]["workers"]) if looks else None,
        ended=round(happened["ended"]),
        failed=round(happened["failed"]),
        mean_wait_seconds=round(happened["waited"] / happened["started"], 3) if happened["started"] else None,
    )
