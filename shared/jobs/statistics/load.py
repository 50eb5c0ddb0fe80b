"""The load of the system: queued and running jobs, and the rate at which jobs end."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from redis.asyncio import Redis

from shared.jobs.redis_keys import RedisKeys
from shared.jobs.statistics.rates import TIME_SLICE, rate_field
from shared.jobs.statistics.workers import WORKER_SILENCE
from shared.queue import BULK, INTERACTIVE, QUEUES

_SLICES = 6  # complete time slices that make up the last minute
_COUNTED = ("started", "waited", "ended")
_SHARE = 0.1  # of the open jobs that should have ended before a refused client retries
_SHORTEST, _LONGEST = 1, 120  # seconds; bounds of Retry-After
_UNKNOWN = 30  # seconds; Retry-After if the capacity is not known
_SATURATED_WAIT = 1.0  # seconds; jobs that start sooner found an idle worker, or one that was about to be idle


@dataclass(frozen=True, slots=True)
class Load:
    """A snapshot of the load.

    Attributes
    ----------
    waiting
        Queued jobs by queue.
    oldest
        Age in seconds of the oldest queued job, by queue; 0 for an empty queue.
    running
        Running jobs.
    postponed
        Jobs that wait for a retry because the object store failed.
    cancelled
        Cancelled jobs whose message has not been received yet.
    workers
        Workers with a heartbeat within the last 30 s.
    webhooks
        Webhooks that have not been delivered yet.
    ended, mean_wait
        Jobs that ended in the last minute; mean seconds that the jobs started in the last minute had waited.
    unconfined
        Workers among these that do not sandbox the processes that read documents.

    """

    waiting: Mapping[str, int]
    oldest: Mapping[str, float]
    running: int
    postponed: int
    cancelled: int
    workers: int
    webhooks: int
    ended: int
    mean_wait: float
    unconfined: int = 0

    @property
    def open(self) -> int:
        """Queued, postponed and running jobs, and messages of cancelled jobs: all that counts towards the limit."""
        return sum(self.waiting.values()) + self.running + self.postponed + self.cancelled

    @property
    def per_second(self) -> float:
        return self.ended / (_SLICES * TIME_SLICE)

    def ahead_of_queue(self, queue: str) -> int:
        """Return how many jobs of other queues are started before the jobs of this queue."""
        return self.waiting[INTERACTIVE] if queue == BULK else 0

    @property
    def capacity(self) -> float | None:
        """Jobs per second that the workers can process; None if they were not busy during the last minute.

        Jobs end as fast as they arrive while workers are idle, so their rate tells the capacity only if jobs waited.
        """
        return self.per_second if self.ended and self.mean_wait >= _SATURATED_WAIT else None

    def estimated_wait(self, ahead: int) -> float | None:
        """Return the seconds until this many jobs have ended; None if the capacity is not known."""
        return None if self.capacity is None else ahead / self.capacity

    @property
    def retry_after(self) -> int:
        """Seconds until a tenth of the open jobs have ended, within bounds."""
        if self.capacity is None:
            return _UNKNOWN
        return min(_LONGEST, max(_SHORTEST, math.ceil(_SHARE * self.open / self.capacity)))


async def read_load(redis: Redis, keys: RedisKeys) -> Load:
    """Read the load in a few round trips."""
    seconds, microseconds = await redis.time()
    now = float(seconds) + float(microseconds) / 1e6
    last = math.floor(now / TIME_SLICE)
    pipeline = redis.pipeline(transaction=False)
    for queue in QUEUES:
        pipeline.zcard(keys.waiting(queue))
        pipeline.zrange(keys.waiting(queue), 0, 0, withscores=True)
    pipeline.zcard(keys.running)
    pipeline.zcard(keys.postponed)
    pipeline.zcard(keys.cancelled)
    for key in (keys.workers, keys.unconfined):
        pipeline.zcount(key, now - WORKER_SILENCE, now + WORKER_SILENCE)
    pipeline.zcard(keys.webhooks_due)
    pipeline.zcard(keys.webhooks_published)
    names = [(name, slice_number) for name in _COUNTED for slice_number in range(last - _SLICES, last)]
    pipeline.hmget(keys.rates, [rate_field(slice_number, name) for name, slice_number in names])
    responses = await pipeline.execute()
    queues, (running, postponed, cancelled, *others) = responses[: 2 * len(QUEUES)], responses[2 * len(QUEUES) :]
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
        webhooks=due + published,
        ended=round(totals["ended"]),
        mean_wait=totals["waited"] / totals["started"] if totals["started"] else 0.0,
        unconfined=unconfined,
    )


async def _waiting_since(redis: Redis, keys: RedisKeys, first: list[tuple[str, float]]) -> float | None:
    """Return the time since which the first job of a queue waits; its message may have been published again."""
    if not first:
        return None
    ((job_id, published),) = first
    created_at, attempts = await redis.hmget(keys.job(job_id), ["created_at", "attempts"])
    return float(created_at) if created_at and attempts == "0" else float(published)
