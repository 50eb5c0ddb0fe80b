"""The workers' side of the job record: claim, finish, and give back. Blocking."""

from collections.abc import Iterable
from typing import Self

from redis import Redis

from shared.blobs import BlobRef
from shared.jobs import scripts
from shared.jobs.record import Failure, Job, pairs
from shared.jobs.replicas import Replicas
from shared.schemas import JobStatus
from shared.settings import Settings

_PASSED = 19
"""Interactive jobs that may be started one after the other while bulk jobs wait; then it is the turn of one of them."""


class Execution:
    """The job records, as workers use them.

    A worker takes the job whose turn it is. A *token* names its attempt; only the bearer can end it. It begins with the
    name of its *holder*, the message that woke the worker, and a dot, so that the worker's main process can speak for a
    process that no longer can.

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

    def __init__(self, redis: Redis, *, lease: int, result_ttl: int, replicas: int = 0) -> None:
        self._redis = redis
        self._replicas, self._replicated = Replicas(replicas), replicas > 0
        self.copied = True
        """Whether the replicas have the last end that was written here."""
        self.lease = lease
        self._result_ttl = result_ttl
        self._claim, self._renew, self._finish, self._postpone, self._abandon = (
            redis.register_script(scripts.script(name)) for name in ("claim", "renew", "finish", "postpone", "abandon")
        )

    @classmethod
    def configured(cls, redis: Redis, settings: Settings) -> Self:
        """Return the records as the settings have them."""
        return cls(redis, lease=settings.job_lease, result_ttl=settings.result_ttl, replicas=settings.redis_replicas)

    def claim(self, token: str) -> Job | None:
        """Take the job whose turn it is, for the length of the lease; None if none waits."""
        fields = pairs(self._claim(args=[token, self.lease, _PASSED]))
        return Job.parse(fields) if fields else None

    def renew(self, holders: Iterable[str]) -> None:
        """Extend the leases of the jobs that these hold."""
        names = list(holders)
        if names:
            self._renew(args=[self.lease, *names])

    def succeed(self, job_id: str, token: str, result: BlobRef) -> bool:
        """End a job with its result; False if it is no longer this attempt's, and then nothing changed."""
        return self._end(job_id, token, JobStatus.SUCCEEDED, "result", result.dump())

    def fail(self, job_id: str, token: str, failure: Failure) -> bool:
        """End a job with a reason; False if it is no longer this attempt's, and then nothing changed."""
        return self._end(job_id, token, JobStatus.FAILED, "failure", failure.dump())

    def _end(self, job_id: str, token: str, status: JobStatus, field: str, value: str) -> bool:
        args = [job_id, token, status.value, field, value, self._result_ttl]
        if not self._replicas.expected:
            self.copied = not self._replicated
            return bool(self._finish(args=args))
        with self._redis.pipeline(transaction=False) as pipeline:
            self._finish(args=args, client=pipeline)
            pipeline.execute_command(*self._replicas.command)  # type: ignore[no-untyped-call]
            ended, copies = pipeline.execute()
        self.copied = self._replicas.have(copies)
        return bool(ended)

    def postpone(self, job_id: str, token: str, seconds: float, *, counts: bool) -> bool:
        """Put a job back for so long; False if it is no longer this attempt's. The attempt may count or not."""
        return bool(self._postpone(args=[job_id, token, seconds, int(counts)]))

    def abandon(self, holder: str, failure: Failure | None = None) -> str | None:
        """Say that the holder's process is gone: its job fails for this reason or, without one, is tried again.

        Returns the id of the job, if it held one.
        """
        job_id = self._abandon(args=[holder, failure.dump() if failure else "", self._result_ttl])
        return str(job_id) if job_id else None
