"""The workers' side of the job record: claim, keep the lease, finish, and recover what others lost. Blocking."""

import time
from collections.abc import Iterable
from typing import Self

from redis import Redis

from shared.blobs import BlobRef
from shared.jobs import scripts
from shared.jobs.pulse import WORKER_SILENCE, WORKERS
from shared.jobs.record import Failure, Job, pairs
from shared.queue import QUEUES
from shared.schemas import JobStatus
from shared.settings import Settings

_BATCH = 100
"""Jobs that one sweep puts back, and blobs that it removes, at most, so that it never holds Redis for long."""

_LOST_AFTER = 10
"""Seconds that a job waits while its broker queue is empty before its message counts as lost."""


class Execution:
    """The job records, as workers use them.

    Parameters
    ----------
    redis
        A client that decodes responses.
    lease
        Seconds that a claim holds without being renewed.
    max_attempts
        Claims of one job before it is set aside.
    result_ttl
        Seconds that an ended job is kept.

    """

    def __init__(self, redis: Redis, *, lease: int, max_attempts: int, result_ttl: int) -> None:
        self._redis = redis
        self.lease = lease
        self._max_attempts = max_attempts
        self._result_ttl = result_ttl
        self._claim = redis.register_script(scripts.CLAIM)
        self._renew = redis.register_script(scripts.RENEW)
        self._finish = redis.register_script(scripts.FINISH)
        self._recover = redis.register_script(scripts.RECOVER)

    @classmethod
    def configured(cls, redis: Redis, settings: Settings) -> Self:
        """Return the records as the settings have them."""
        return cls(redis, lease=settings.job_lease, max_attempts=settings.max_attempts, result_ttl=settings.result_ttl)

    def claim(self, job_id: str, token: str) -> Job | None:
        """Take a waiting job for the length of the lease; None if it does not wait (taken, ended, or gone).

        Parameters
        ----------
        job_id
            The job.
        token
            Names this attempt; only its bearer can renew and finish it.

        """
        fields = pairs(self._claim(args=[job_id, token, self.lease]))
        return Job.parse(fields) if fields else None

    def renew(self, job_id: str, token: str) -> bool:
        """Extend the lease; False if the job is no longer this attempt's."""
        return bool(self._renew(args=[job_id, token, self.lease]))

    def succeed(self, job_id: str, token: str, result: BlobRef) -> bool:
        """End a job with its result; False if it is no longer this attempt's, and then nothing changed."""
        return self._end(job_id, token, JobStatus.SUCCEEDED, "result", result.dump(), result.path)

    def fail(self, job_id: str, token: str, failure: Failure) -> bool:
        """End a job with a reason; False if it is no longer this attempt's, and then nothing changed."""
        return self._end(job_id, token, JobStatus.FAILED, "failure", failure.dump())

    def _end(  # noqa: PLR0913, PLR0917 - the script's arguments, in its order
        self, job_id: str, token: str, status: JobStatus, field: str, value: str, result_path: str = ""
    ) -> bool:
        return bool(self._finish(args=[job_id, token, status.value, field, value, self._result_ttl, result_path]))

    def recover(self) -> list[tuple[str, str]]:
        """Put jobs whose lease ran out back, or end them above the limit of attempts; return (id, queue) to publish."""
        crashed = Failure("worker_crashed").dump()
        back = pairs(self._recover(args=[self._max_attempts, self._result_ttl, crashed, _BATCH]))
        return list(back.items())

    def unpublished(self) -> list[tuple[str, str]]:
        """Return (id, queue) of jobs that wait although the broker has no message left: to be published again."""
        lost = []
        for queue in QUEUES:
            if self._redis.llen(queue) == 0:
                until = self._now() - _LOST_AFTER
                lost += [(job_id, queue) for job_id in self._due(scripts.QUEUED + queue, until)]
        return lost

    def expired_blobs(self) -> list[str]:
        """Return paths in the object store that are to be removed."""
        return self._due(scripts.EXPIRING, self._now())

    def forget_blobs(self, paths: Iterable[str]) -> None:
        """Note that these blobs have been removed."""
        names = list(paths)
        if names:
            self._redis.zrem(scripts.EXPIRING, *names)

    def pulse(self, worker: str) -> None:
        """Say that this worker consumes."""
        now = self._now()
        self._redis.zadd(WORKERS, {worker: now})
        self._redis.zremrangebyscore(WORKERS, "-inf", now - 10 * WORKER_SILENCE)

    def leave(self, worker: str) -> None:
        """Say that this worker no longer consumes."""
        self._redis.zrem(WORKERS, worker)

    def sweep_turn(self, seconds: int) -> bool:
        """Tell whether it is this caller's turn to sweep: one caller's in so many seconds."""
        return bool(self._redis.set("sweep:turn", time.time(), nx=True, ex=seconds))

    def _due(self, key: str, until: float) -> list[str]:
        return [str(member) for member in self._redis.zrangebyscore(key, "-inf", until, start=0, num=_BATCH)]

    def _now(self) -> float:
        seconds, microseconds = self._redis.time()
        return float(seconds) + float(microseconds) / 1e6
