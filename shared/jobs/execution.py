"""The workers' side of the job record: claim, finish, and give back. Blocking."""

from collections.abc import Iterable
from typing import Self

from redis import Redis

from shared.blobs import BlobRef
from shared.jobs.record import CANCELLED, Failure, Job, pairs
from shared.jobs.redis_keys import Keys, read_keys
from shared.jobs.replicas import Replicas
from shared.jobs.scripts import script
from shared.logs import get_logger
from shared.schemas import JobStatus
from shared.settings import Settings

log = get_logger(__name__)


class Execution:
    """The job records, as workers use them.

    A *token* names one attempt at a job; only its bearer can end the job. It begins with the name of its *holder*, the
    process that runs the attempt, and a dot, so that the worker's main process can speak for a process that has died.

    Parameters
    ----------
    redis
        A client that decodes responses.
    lease
        Seconds that a claim holds without being renewed.
    result_ttl
        Seconds that an ended job is kept.
    replicas
        How many should have a job's end before its documents are removed.

    """

    def __init__(
        self, redis: Redis, *, lease: int, result_ttl: int, replicas: int = 0, keys: Keys | None = None
    ) -> None:
        self._redis = redis
        self._keys = keys or Keys()
        self._replicas, self._replicated = Replicas(replicas), replicas > 0
        self.copied = True
        """Whether the replicas have the last end that was written here."""
        self.lease = lease
        self._result_ttl = result_ttl
        self._claim, self._renew, self._finish, self._postpone, self._abandon, self._erase = (
            redis.register_script(script(name)) for name in ("claim", "renew", "finish", "postpone", "release", "erase")
        )

    @classmethod
    def configured(cls, redis: Redis, settings: Settings) -> Self:
        """Return the records as the settings have them."""
        return cls(
            redis,
            lease=settings.job_lease,
            result_ttl=settings.result_ttl,
            replicas=settings.redis_replicas,
            keys=Keys(settings.redis_namespace),
        )

    def claim(self, job_id: str, token: str) -> Job | None:
        """Take a job for the length of the lease; None if it is not queued, as after a message too many."""
        outcome, *record = self._claim(self._keys.of_job(job_id), [job_id, token, self.lease, ""])
        if outcome == "batch":
            (batch,) = record
            outcome, *record = self._claim(self._keys.of_job(job_id, batch), [job_id, token, self.lease, batch])
        if outcome == "dropped":
            log.error("record lost, job dropped", job_id=job_id)
        return Job.parse(pairs(record)) if record else None

    def renew(self, holders: Iterable[tuple[str, str]]) -> None:
        """Extend the leases of the jobs that these hold: pairs of job id and holder."""
        for job_id, holder in holders:
            self._renew(self._keys.of_job(job_id), [job_id, holder, self.lease])

    def succeed(self, job: Job, token: str, result: BlobRef) -> bool:
        """End a job with its result; False if it is no longer this attempt's, and then nothing changed."""
        return self._end(job, token, JobStatus.SUCCEEDED, "result", result.dump())

    def fail(self, job: Job, token: str, failure: Failure) -> bool:
        """End a job with a reason; False if it is no longer this attempt's, and then nothing changed."""
        return self._end(job, token, JobStatus.FAILED, "failure", failure.dump())

    def _end(self, job: Job, token: str, status: JobStatus, field: str, value: str) -> bool:
        keys = self._keys.of_job(job.id, job.batch)
        args: list[str | int] = [job.id, token, status.value, field, value, self._result_ttl]
        if not self._replicas.expected:
            self.copied = not self._replicated
            return bool(self._finish(keys, args))
        with self._redis.pipeline(transaction=False) as pipeline:
            self._finish(keys, args, client=pipeline)
            pipeline.execute_command(*self._replicas.command)  # type: ignore[no-untyped-call]
            ended, copies = pipeline.execute()
        self.copied = self._replicas.have(copies)
        return bool(ended)

    def postpone(self, job: Job, token: str, seconds: float, *, counts: bool) -> bool:
        """Put a job back for so long; False if it is no longer this attempt's. The attempt may count or not."""
        keys = self._keys.of_job(job.id, job.batch)
        return bool(self._postpone(keys, [job.id, token, seconds, int(counts)]))

    def abandon(self, job_id: str, holder: str, failure: Failure | None = None) -> bool:
        """Say that the holder's process is gone: its job fails for this reason or, without one, is tried again.

        Returns whether it held the job.
        """
        args: list[str | int] = [job_id, holder, failure.dump() if failure else "", self._result_ttl]
        return bool(self._abandon(read_keys(self._redis, self._keys, job_id), args))

    def cancel(self, job_id: str, *, running: bool = False, received: bool = False) -> bool:
        """End a waiting job as cancelled.

        Parameters
        ----------
        job_id
            The job.
        running
            Whether to end it also if it runs.
        received
            Whether its message has been received, and takes no more room in the broker.

        Returns
        -------
        bool
            False if there is no such job.

        """
        state = "unfinished" if running else "queued"
        args: list[str | int] = [job_id, self._result_ttl, CANCELLED, state, "", "received" if received else ""]
        return bool(self._erase(read_keys(self._redis, self._keys, job_id), args))
