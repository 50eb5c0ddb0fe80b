"""Batches: named groups of jobs, with counts by status and a list of ended jobs in order. Asynchronous."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redis.asyncio import Redis

from shared.jobs.record import CANCELLED, Job, parse_time
from shared.jobs.redis_keys import RedisKeys
from shared.jobs.scripts import script
from shared.schemas import JobStatus
from shared.settings import Settings

_CHUNK = 100
"""Jobs that are read at once, and that the rate of a batch is calculated from."""

_CANCEL_CHUNK = 500
"""Jobs that are cancelled per round trip."""

_SHORTEST = 0.001  # seconds; a rate over a shorter time is meaningless


@dataclass(frozen=True, slots=True)
class Batch:
    """A snapshot of a batch.

    Attributes
    ----------
    counts
        Jobs by status, including jobs that have been erased since.
    cursor
        Cursor of the job that ended last.
    per_second
        Rate of the last hundred ended jobs; 0 if none has ended.

    """

    name: str
    created_at: datetime
    counts: Mapping[JobStatus, int]
    cursor: int
    per_second: float

    @property
    def open(self) -> int:
        return self.counts[JobStatus.QUEUED] + self.counts[JobStatus.RUNNING]

    @property
    def seconds_left(self) -> float | None:
        """Estimated seconds until all jobs have ended; None if no job has ended yet."""
        if self.open == 0:
            return 0.0
        return self.open / self.per_second if self.per_second else None


class Batches:
    """Reads and cancels batches, for the API."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._redis = redis
        self._result_ttl = settings.result_ttl
        self._keys = RedisKeys(settings.redis_namespace)
        self._erase = redis.register_script(script("erase"))

    async def get(self, name: str) -> Batch | None:
        """Return a batch; None if it does not exist or has expired."""
        fields = {
            str(field): str(value) for field, value in (await self._redis.hgetall(self._keys.batch(name))).items()
        }
        if not fields:
            return None
        return Batch(
            name=name,
            created_at=parse_time(fields["created_at"]),
            counts={status: int(fields.get(status, 0)) for status in JobStatus},
            cursor=int(fields.get("sequence", 0)),
            per_second=await self._rate(name),
        )

    async def ended(self, name: str, since: int) -> AsyncIterator[tuple[int, Job]]:
        """Yield (cursor, job) for each job that ended after a cursor, in order; erased jobs are left out."""
        while ids := await self._ids(name, f"({since}", "+inf"):
            pipeline = self._redis.pipeline(transaction=False)
            for job_id in ids:
                pipeline.hgetall(self._keys.job(job_id))
            for cursor, fields in zip(ids.values(), await pipeline.execute(), strict=True):
                since = cursor
                if fields:
                    yield cursor, Job.parse(fields)

    async def cancel(self, name: str) -> int:
        """Cancel the queued jobs of a batch; return how many there were."""
        total = 0
        while ids := await self._redis.srandmember(f"{self._keys.batch(name)}:queued", _CANCEL_CHUNK):
            pipeline = self._redis.pipeline(transaction=False)
            for job_id in map(str, ids):
                keys = self._keys.of_job(job_id, name)
                await self._erase(keys, [job_id, self._result_ttl, CANCELLED, "queued", "", ""], client=pipeline)
            total += sum(await pipeline.execute())
        return total

    async def _rate(self, name: str) -> float:
        """Return the rate of the last hundred ended jobs up to now, so that it falls while no job ends."""
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.time()
        for job_id in await self._ids(name, "+inf", "-inf", backwards=True):
            pipeline.hget(self._keys.job(job_id), "finished_at")
        responses: Any = await pipeline.execute()
        (seconds, microseconds), *ends = responses
        times = [float(end) for end in ends if end]
        if not times:
            return 0.0
        return len(times) / max(float(seconds) + float(microseconds) / 1e6 - min(times), _SHORTEST)

    async def _ids(self, name: str, first: str, last: str, *, backwards: bool = False) -> dict[str, int]:
        """Return up to a hundred ids of ended jobs, each with its cursor."""
        key = f"{self._keys.batch(name)}:ended"
        entries: Any = await self._redis.zrange(
            key, first, last, desc=backwards, byscore=True, offset=0, num=_CHUNK, withscores=True
        )
        # A member is the expiry time of the record, a slash and the job id.
        return {str(member).partition("/")[2]: int(cursor) for member, cursor in entries}
