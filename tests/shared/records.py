"""Job records on a real server, without API and worker processes."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import TypeVar

from redis import Redis, asyncio as async_redis

from shared.blobs import BlobRef
from shared.job_kinds.extract_face import ExtractionOptions
from shared.jobs import (
    Batch,
    Batches,
    Cleanup,
    CreateResult,
    Execution,
    Failure,
    IdempotencyKey,
    Job,
    JobQuota,
    JobRepository,
    Load,
    NewJob,
    Recovery,
    RedisKeys,
    Webhooks,
    WebhookTarget,
    Workers,
    read_failures,
    read_workers,
)
from shared.jobs.clock import server_time
from shared.jobs.statistics.worker_states import WorkerStates
from shared.queue import BULK, QUEUES
from shared.redis.connections import api_redis
from shared.settings import Settings
from shared.stats_schemas import FailureCode

LIMIT = 5  # open jobs
TTL = 100
LEASE = 20
INPUT = BlobRef("documents/x/file", b"k" * 32)
OPTIONS = ExtractionOptions(pages=True)
NO_FACE = Failure("no_face")
KEYS = RedisKeys()
RESULT = BlobRef("results/x", b"r" * 32)

Answer = TypeVar("Answer")


class Records:
    """All operations on the job records of an empty server."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.redis = Redis.from_url(url, decode_responses=True)
        self.redis.flushall()
        self.execution = self.executing()
        self.recovery = self.recovering()
        self.webhooks = Webhooks(self.redis)
        self.cleanup = Cleanup(self.redis)
        self.workers = Workers(self.redis)

    def executing(self, lease: int = LEASE) -> Execution:
        return Execution(self.redis, lease=lease, result_ttl=TTL)

    def recovering(self, max_attempts: int = 3) -> Recovery:
        return Recovery(self.redis, lease=LEASE, max_attempts=max_attempts, result_ttl=TTL)

    def next(self) -> str:
        """Return the id of the job whose message is received next."""
        ids = [job_id for queue in QUEUES for job_id in self.redis.zrange(KEYS.waiting(queue), 0, 0)]
        return str(ids[0]) if ids else "none"

    def claim(self, token: str, job_id: str | None = None, lease: int = LEASE) -> Job | None:
        """Claim a job, by default the next one."""
        return self.executing(lease).claim(job_id or self.next(), token)

    def succeed(self, job_id: str, token: str) -> bool:
        return self.execution.succeed(self.get(job_id), token, RESULT)

    def fail(self, job_id: str, token: str, failure: Failure = NO_FACE) -> bool:
        return self.execution.fail(self.get(job_id), token, failure)

    def postpone(self, job_id: str, token: str, seconds: float, *, counts: bool = False) -> bool:
        return self.execution.postpone(self.get(job_id), token, seconds, counts=counts)

    def rate(self, name: str) -> float:
        """Return the sum of a count over the last hour."""
        counts = self.redis.hgetall(KEYS.rates).items()
        return sum(float(str(count)) for field, count in counts if str(field).partition(":")[2] == name)

    def submit(  # noqa: PLR0913 - the options of a submission
        self,
        queue: str = BULK,
        *,
        key: IdempotencyKey | None = None,
        batch: str | None = None,
        callback: WebhookTarget | None = None,
        job_id: str | None = None,
        quota: JobQuota | None = None,
    ) -> CreateResult:
        request = NewJob("extract-face", queue, {"file": INPUT}, OPTIONS, batch=batch, callback=callback)
        return self._jobs(lambda jobs: jobs.create(job_id or str(uuid.uuid4()), request, key, quota))

    def create(self, queue: str = BULK, *, batch: str | None = None, callback: WebhookTarget | None = None) -> str:
        job = self.submit(queue, batch=batch, callback=callback).job
        assert job is not None
        return job.id

    def get(self, job_id: str) -> Job:
        job = self._jobs(lambda jobs: jobs.get(job_id))
        assert job is not None
        return job

    def erase(self, job_id: str, *, only_queued: bool = False) -> bool:
        return self._jobs(lambda jobs: jobs.erase(job_id, only_queued=only_queued))

    def worker_states(self) -> WorkerStates:
        return self._ask(lambda redis: read_workers(redis, KEYS))

    def failures(self, *workers: str, ahead: float = 0.0) -> list[FailureCode]:
        """Return the last failures as seen this many seconds from now."""
        now = server_time(self.redis) + ahead
        return self._ask(lambda redis: read_failures(redis, KEYS, now, workers))

    def load(self) -> Load:
        return self._jobs(lambda jobs: jobs.load())

    def ahead(self, job_id: str) -> int:
        job, load = self.get(job_id), self.load()
        return self._jobs(lambda jobs: jobs.jobs_ahead(job, load))

    def batch(self, name: str) -> Batch | None:
        return self._batches(lambda batches: batches.get(name))

    def cancel_batch(self, name: str) -> int:
        return self._batches(lambda batches: batches.cancel(name))

    def ended(self, name: str, since: int = 0) -> list[tuple[int, Job]]:
        async def collect(batches: Batches) -> list[tuple[int, Job]]:
            return [entry async for entry in batches.ended(name, since)]

        return self._batches(collect)

    def _jobs(self, operation: Callable[[JobRepository], Awaitable[Answer]]) -> Answer:
        return self._ask(lambda redis: operation(JobRepository(redis, result_ttl=TTL, max_open=LIMIT)))

    def _batches(self, operation: Callable[[Batches], Awaitable[Answer]]) -> Answer:
        settings = Settings(result_ttl=TTL)
        return self._ask(lambda redis: operation(Batches(redis, settings)))

    def _ask(self, question: Callable[[async_redis.Redis], Awaitable[Answer]]) -> Answer:
        async def run() -> Answer:
            async with api_redis(self._url) as redis:
                return await question(redis)

        return asyncio.run(run())
