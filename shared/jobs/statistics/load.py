"""How loaded the system is: what waits, what runs, and how fast it drains."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from redis.asyncio import Redis

from shared.jobs.redis_keys import Keys
from shared.jobs.statistics.rates import BUCKET, rate_field
from shared.jobs.statistics.workers import WORKER_SILENCE
from shared.queue import BULK, INTERACTIVE, QUEUES

_BUCKETS = 6  # whole ones that make the last minute
_COUNTED = ("started", "waited", "ended")
_SHARE = 0.1  # of the open jobs that should have drained before a refused client comes back
_SHORTEST, _LONGEST = 1, 120  # seconds that a refused client is told to stay away
_UNKNOWN = 30  # seconds, where nothing has drained lately


@dataclass(frozen=True, slots=True)
class Load:
    """A snapshot.

    Attributes
    ----------
    waiting
        Jobs by queue.
    oldest
        Age in seconds of the job that has waited longest, by queue; 0 for an empty queue.
    running
        Jobs that workers are at.
    postponed
        Jobs put off because the object store failed.
    cancelled
        Cancelled jobs whose message no worker has received yet.
    workers
        Workers that have said within the last 30 s that they consume.
    callbacks
        Receivers still to be told of a job's end.
    ended, mean_wait
        Jobs that ended in the last minute, and the mean seconds that those started in it had waited.
    unconfined
        Workers among these that do not confine the processes that read documents.

    """

    waiting: Mapping[str, int]
    oldest: Mapping[str, float]
    running: int
    postponed: int
    cancelled: int
    workers: int
    callbacks: int
    ended: int
    mean_wait: float
    unconfined: int = 0

    @property
    def open(self) -> int:
        """Jobs that wait and run, and messages that wait for nothing: all of them take room."""
        return sum(self.waiting.values()) + self.running + self.postponed + self.cancelled

    @property
    def per_second(self) -> float:
        return self.ended / (_BUCKETS * BUCKET)

    def before(self, queue: str) -> int:
        """Return how many jobs of other queues are started before any of this one."""
        return self.waiting[INTERACTIVE] if queue == BULK else 0

    def wait(self, ahead: int) -> float | None:
        """Return the seconds until so many jobs will have ended, at the rate of the last minute; None if none has."""
        return ahead / self.per_second if self.ended else None

    @property
    def retry_after(self) -> int:
        """Seconds until a tenth of the open jobs will have ended, at the rate of the last minute."""
        if self.ended == 0:
            return _UNKNOWN
        return min(_LONGEST, max(_SHORTEST, math.ceil(_SHARE * self.open / self.per_second)))


async def read_load(redis: Redis, keys: Keys) -> Load:
    """Read the load in a few round trips."""
    seconds, microseconds = await redis.time()
    now = float(seconds) + float(microseconds) / 1e6
    last = math.floor(now / BUCKET)
    pipeline = redis.pipeline(transaction=False)
    for queue in QUEUES:
        pipeline.zcard(keys.waiting(queue))
        pipeline.zrange(keys.waiting(queue), 0, 0, withscores=True)
    pipeline.zcard(keys.running)
    pipeline.zcard(keys.postponed)
    pipeline.zcard(keys.cancelled)
    for key in (keys.workers, keys.unconfined):
        pipeline.zcount(key, now - WORKER_SILENCE, now + WORKER_SILENCE)
    pipeline.zcard(keys.due)
    pipeline.zcard(keys.published)
    names = [(name, bucket) for name in _COUNTED for bucket in range(last - _BUCKETS, last)]
    pipeline.hmget(keys.rates, [rate_field(bucket, name) for name, bucket in names])
    answers = await pipeline.execute()
    queues, (running, postponed, cancelled, *others) = answers[: 2 * len(QUEUES)], answers[2 * len(QUEUES) :]
    workers, unconfined, due, published, rates = others
    oldest = [await _waiting_since(redis, keys, first) for first in queues[1::2]]
    totals = dict.fromkeys(_COUNTED, 0.0)
    for (name, _), count in zip(names, rates, strict=True):
        totals[name] += float(count or 0)
    return Load(
        waiting=dict(zip(QUEUES, queues[::2], strict=True)),
        oldest={queue: max(0.0, now - (since or now)) for queue, since in zip(QUEUES, oldest, strict=True)},
        running=running,
        postponed=postponed,
        cancelled=cancelled,
        workers=workers,
        callbacks=due + published,
        ended=round(totals["ended"]),
        mean_wait=totals["waited"] / totals["started"] if totals["started"] else 0.0,
        unconfined=unconfined,
    )


async def _waiting_since(redis: Redis, keys: Keys, first: list[tuple[str, float]]) -> float | None:
    """Return since when the first job of a queue waits: it may have been published more than once."""
    if not first:
        return None
    ((job_id, published),) = first
    created_at, attempts = await redis.hmget(keys.job(job_id), ["created_at", "attempts"])
    return float(created_at) if created_at and attempts == "0" else float(published)
