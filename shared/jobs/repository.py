"""Job records as the API uses them: create, read, erase. Asynchronous."""

import uuid
from dataclasses import dataclass
from enum import StrEnum

from redis.asyncio import Redis

from shared.jobs.record import CANCELLED, Job, NewJob, parse_pairs
from shared.jobs.redis_keys import RedisKeys
from shared.jobs.replicas import Replicas
from shared.jobs.scripts import script
from shared.jobs.statistics.load import Load, read_load
from shared.jobs.statistics.totals import Totals, read_totals
from shared.queue import QUEUES
from shared.settings import Settings

_IDEMPOTENCY_TTL = 24 * 3600
"""Seconds for which an idempotency key is remembered."""


class CreateOutcome(StrEnum):
    """The outcome of creating a job."""

    CREATED = "created"
    REPLAYED = "replayed"
    """The idempotency key was used before with the same request; the job is that of the first request."""
    CONFLICT = "conflict"
    """The idempotency key was used before with a different request."""
    EXPIRED = "expired"
    """The job of the idempotency key has expired or was erased."""
    FULL = "full"
    """The limit of open jobs is reached."""
    QUOTA_EXCEEDED = "quota_exceeded"
    """The owner has used up the job quota of this period."""


@dataclass(frozen=True, slots=True)
class JobQuota:
    """The number of jobs that an owner may create per period. A period starts with the first job in it.

    Attributes
    ----------
    owner
        Name of the API key.
    jobs, seconds
        Maximum of jobs, and length of the period.

    """

    owner: str
    jobs: int
    seconds: int


@dataclass(frozen=True, slots=True)
class QuotaUsage:
    """Use of a job quota: jobs created in this period, and seconds until it ends."""

    jobs: int
    seconds_left: float


@dataclass(frozen=True, slots=True)
class CreateResult:
    """The result of creating a job.

    Attributes
    ----------
    job
        The new job if the outcome is ``CREATED``, the job of the first request if it is ``REPLAYED``, else None.
    usage
        Use of the owner's job quota, including this job; None without a quota.

    """

    outcome: CreateOutcome
    job: Job | None = None
    usage: QuotaUsage | None = None


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """An idempotency key and the fingerprint of its request."""

    name: str
    fingerprint: str


class JobRepository:
    """Creates, reads and erases job records, for the API.

    Parameters
    ----------
    redis
        A client that decodes responses.
    result_ttl
        Seconds that an ended job is kept.
    max_open
        Maximum of open jobs.
    replicas
        Replicas that must have the record of a job before it is accepted.

    """

    def __init__(
        self, redis: Redis, *, result_ttl: int, max_open: int, replicas: int = 0, keys: RedisKeys | None = None
    ) -> None:
        self._redis = redis
        self._keys = keys or RedisKeys()
        self._replicas = Replicas(replicas)
        self._result_ttl = result_ttl
        self._max_open = max_open
        self._create = redis.register_script(script("create"))
        self._erase = redis.register_script(script("erase"))

    @classmethod
    def from_settings(cls, redis: Redis, settings: Settings) -> "JobRepository":
        """Return an instance with the limits of the settings."""
        return cls(
            redis,
            result_ttl=settings.result_ttl,
            max_open=settings.max_open_jobs,
            replicas=settings.redis_replicas,
            keys=RedisKeys(settings.redis_namespace),
        )

    async def create(
        self, job_id: str, new: NewJob, key: IdempotencyKey | None = None, quota: JobQuota | None = None
    ) -> CreateResult:
        """Create a queued job and count it against the quota. From here on the job is accepted.

        Raises
        ------
        redis.exceptions.RedisError
            The job may or may not have been created; if not, it is not counted either.

        """
        counted = quota or JobQuota("", 0, 0)
        keys = self._keys.of_job(job_id, new.batch)
        keys += [self._keys.idempotency(key.name if key else ""), self._keys.quota(counted.owner, counted.seconds)]
        limits: list[str | int] = [self._max_open, key.fingerprint if key else "", _IDEMPOTENCY_TTL]
        limits += [counted.jobs if quota else "", counted.seconds]
        args = [job_id, new.queue, *limits, *new.dump()]
        if self._replicas.should_wait:
            async with self._redis.pipeline(transaction=False) as pipeline:
                await self._create(keys, args, client=pipeline)
                pipeline.execute_command(*self._replicas.wait_command)
                response, copies = await pipeline.execute()
            self._replicas.confirm(copies)
        else:
            response = await self._create(keys, args)
        outcome, used, left, *rest = (str(part) for part in response)
        usage = QuotaUsage(int(used), int(left) / 1000) if quota else None
        match CreateOutcome(outcome):
            case CreateOutcome.CREATED:
                return CreateResult(CreateOutcome.CREATED, Job.parse(parse_pairs(rest)), usage)
            case CreateOutcome.REPLAYED:
                job = await self.get(rest[0])
                return CreateResult(CreateOutcome.REPLAYED if job else CreateOutcome.EXPIRED, job, usage)
            case refused:
                return CreateResult(refused, usage=usage)

    async def get(self, job_id: str) -> Job | None:
        """Return a job; None if it does not exist or has expired."""
        fields = await self._redis.hgetall(self._keys.job(job_id))
        return Job.parse({str(name): str(value) for name, value in fields.items()}) if fields else None

    async def erase(self, job_id: str, *, only_queued: bool = False) -> bool:
        """Cancel an unfinished job or erase an ended one; False if there is no such job.

        Its documents and result can no longer be decrypted, since their encryption keys were in the record;
        housekeeping removes the encrypted bytes. A worker that is running the job can no longer end it. With
        ``only_queued``, a job that is running or has ended is left unchanged.
        """
        batch = await self._redis.hget(self._keys.job(job_id), "batch")
        keys = self._keys.of_job(job_id, str(batch) if batch else None)
        state = "queued" if only_queued else "any"
        args: list[str | int] = [job_id, self._result_ttl, CANCELLED, state, uuid.uuid4().hex, ""]
        return bool(await self._erase(keys, args))

    async def jobs_ahead(self, job: Job, load: Load) -> int:
        """Return how many jobs will be started before a queued job."""
        for queue in QUEUES:  # a job that was requeued after a crash is in another queue than its own
            rank = await self._redis.zrank(self._keys.waiting(queue), job.id)
            if isinstance(rank, int):
                return load.ahead_of_queue(queue) + rank
        return 0

    async def load(self) -> Load:
        """Return the current load."""
        return await read_load(self._redis, self._keys)

    async def totals(self) -> Totals:
        """Return the counts since the start of the system."""
        return await read_totals(self._redis, self._keys)

    def is_full(self, load: Load) -> bool:
        """Tell whether the limit of open jobs is reached."""
        return load.open >= self._max_open
