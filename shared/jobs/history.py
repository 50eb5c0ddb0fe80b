"""The last hour, minute by minute: what happened, from the buckets of the rates, and how it stood, from who looked."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from redis.asyncio import Redis

from shared.jobs import scripts
from shared.jobs.load import Load
from shared.queue import QUEUES
from shared.schemas import LoadHistory, LoadPoint

_POINTS = 60
_A_POINT = 6  # buckets that make a minute

_WAITING = "waiting:"
_STOOD = ("running", "workers")


async def note_load(redis: Redis, load: Load) -> None:
    """Write down how it stands, in the bucket of now; whoever comes last within the ten seconds is right.

    Raises
    ------
    redis.exceptions.RedisError

    """
    seconds, _ = await redis.time()
    key = f"{scripts.RATE}{int(seconds) // scripts.BUCKET}"
    stands: dict[Any, Any] = {f"{_WAITING}{queue}": count for queue, count in load.waiting.items()}
    pipeline = redis.pipeline(transaction=False)
    pipeline.hset(key, mapping=stands | {"running": load.running, "workers": load.workers})
    pipeline.expire(key, scripts.RATES_KEPT)
    await pipeline.execute()


async def read_history(redis: Redis) -> LoadHistory:
    """Read the last sixty whole minutes in two round trips, oldest first.

    Raises
    ------
    redis.exceptions.RedisError

    """
    seconds, _ = await redis.time()
    minute = scripts.BUCKET * _A_POINT
    end = math.floor(int(seconds) / minute) * _A_POINT
    buckets = range(end - _POINTS * _A_POINT, end)
    pipeline = redis.pipeline(transaction=False)
    for bucket in buckets:
        pipeline.hgetall(f"{scripts.RATE}{bucket}")
    answers: list[Mapping[str, str]] = await pipeline.execute()
    return LoadHistory(
        points=[
            _point(buckets[first] * scripts.BUCKET, answers[first : first + _A_POINT])
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
