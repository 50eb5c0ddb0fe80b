"""The API's side of the job record: create it, read it, erase it. Asynchronous."""

import uuid
from dataclasses import dataclass
from enum import StrEnum

from redis.asyncio import Redis

from shared.jobs.record import CANCELLED, Job, Request, pairs
from shared.jobs.redis_keys import Keys
from shared.jobs.replicas import Replicas
from shared.jobs.scripts import script
from shared.jobs.statistics.load import Load, read_load
from shared.jobs.statistics.totals import Totals, read_totals
from shared.queue import QUEUES
from shared.settings import Settings

_KEY_LIFE = 24 * 3600
"""Seconds that an idempotency key counts."""


class Outcome(StrEnum):
    """What became of a request for a job."""

    CREATED = "created"
    REPLAYED = "replayed"
    """The idempotency key was used before, with the same request: this is the job of then."""
    CONFLICT = "conflict"
    """The key was used before with another request."""
    GONE = "gone"
    """The job of the key has expired or was erased."""
    FULL = "full"
    """As many jobs are open as may be."""
    SPENT = "spent"
    """The owner has created as many jobs as allowed in this period."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many jobs an owner may create in a period, which begins with the first of them.

    Attributes
    ----------
    owner
        Who creates them.
    jobs, seconds
        How many, and how long the period is.

    """

    owner: str
    jobs: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Usage:
    """How far an allowance has been used: jobs created, and seconds until the period ends."""

    jobs: int
    seconds_left: float


@dataclass(frozen=True, slots=True)
class Submission:
    """What became of a request, with the job if there is one.

    Attributes
    ----------
    job
        Made by this request if the outcome is ``CREATED``, by another before it if it is ``REPLAYED``, else None.
    usage
        Of the owner's allowance, if there is one; this job is counted if it was created.

    """

    outcome: Outcome
    job: Job | None = None
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """A client's idempotency key, and the fingerprint of the request that it came with."""

    name: str
    fingerprint: str


class Intake:
    """The job records, as the API uses them.

    Parameters
    ----------
    redis
        A client that decodes responses.
    result_ttl
        Seconds that an ended job is kept.
    max_open
        Jobs that may wait and run at once.
    replicas
        How many should have a job's record before it counts as accepted.

    """

    def __init__(
        self, redis: Redis, *, result_ttl: int, max_open: int, replicas: int = 0, keys: Keys | None = None
    ) -> None:
        self._redis = redis
        self._keys = keys or Keys()
        self._replicas = Replicas(replicas)
        self._result_ttl = result_ttl
        self._max_open = max_open
        self._create = redis.register_script(script("create"))
        self._erase = redis.register_script(script("erase"))

    @classmethod
    def configured(cls, redis: Redis, settings: Settings) -> "Intake":
        """Return the records as the settings have them."""
        return cls(
            redis,
            result_ttl=settings.result_ttl,
            max_open=settings.max_open_jobs,
            replicas=settings.redis_replicas,
            keys=Keys(settings.redis_namespace),
        )

    async def create(
        self, job_id: str, request: Request, key: Key | None = None, allowance: Allowance | None = None
    ) -> Submission:
        """Write the record of a job that waits, and count it. From here on it is accepted.

        Raises
        ------
        redis.exceptions.RedisError
            It may or may not have been written; if not, it is not counted either.

        """
        may = allowance or Allowance("", 0, 0)
        keys = self._keys.of_job(job_id, request.batch)
        keys += [self._keys.idempotency(key.name if key else ""), self._keys.quota(may.owner, may.seconds)]
        limits: list[str | int] = [self._max_open, key.fingerprint if key else "", _KEY_LIFE]
        limits += [may.jobs if allowance else "", may.seconds]
        args = [job_id, request.queue, *limits, *request.dump()]
        if self._replicas.expected:
            async with self._redis.pipeline(transaction=False) as pipeline:
                await self._create(keys, args, client=pipeline)
                pipeline.execute_command(*self._replicas.command)
                answer, copies = await pipeline.execute()
            self._replicas.have(copies)
        else:
            answer = await self._create(keys, args)
        outcome, used, left, *rest = (str(part) for part in answer)
        usage = Usage(int(used), int(left) / 1000) if allowance else None
        match Outcome(outcome):
            case Outcome.CREATED:
                return Submission(Outcome.CREATED, Job.parse(pairs(rest)), usage)
            case Outcome.REPLAYED:
                job = await self.get(rest[0])
                return Submission(Outcome.REPLAYED if job else Outcome.GONE, job, usage)
            case refused:
                return Submission(refused, usage=usage)

    async def get(self, job_id: str) -> Job | None:
        """Return a job, or None if there is none of this id (any more)."""
        fields = await self._redis.hgetall(self._keys.job(job_id))
        return Job.parse({str(name): str(value) for name, value in fields.items()}) if fields else None

    async def erase(self, job_id: str, *, only_waiting: bool = False) -> bool:
        """Cancel an unfinished job, or forget an ended one; False if there is no such job.

        Its documents and its result cannot be read from here on, since their keys are gone from the record;
        housekeeping removes their bytes. A worker that is at it can no longer end it. With ``only_waiting`` a job that
        has been started, or has ended, stays as it is.
        """
        batch = await self._redis.hget(self._keys.job(job_id), "batch")
        keys = self._keys.of_job(job_id, str(batch) if batch else None)
        state = "queued" if only_waiting else "any"
        args: list[str | int] = [job_id, self._result_ttl, CANCELLED, state, uuid.uuid4().hex, ""]
        return bool(await self._erase(keys, args))

    async def ahead(self, job: Job, load: Load) -> int:
        """Return how many jobs will be started before a waiting one."""
        for queue in QUEUES:  # a job that was recovered waits in another queue than its own
            rank = await self._redis.zrank(self._keys.waiting(queue), job.id)
            if isinstance(rank, int):
                return load.before(queue) + rank
        return 0

    async def load(self) -> Load:
        """Return what waits, what runs, and how fast it drains."""
        return await read_load(self._redis, self._keys)

    async def totals(self) -> Totals:
        """Return what has happened since the records began."""
        return await read_totals(self._redis, self._keys)

    def is_full(self, load: Load) -> bool:
        """Tell whether as many jobs are open as may be."""
        return load.open >= self._max_open
