"""Job records as workers use them: claim, renew, finish, postpone, release. Blocking."""

from collections.abc import Iterable
from typing import Self

from redis import Redis

from shared.blobs import BlobRef
from shared.jobs.record import CANCELLED, Failure, Job, parse_pairs
from shared.jobs.redis_keys import RedisKeys, read_keys
from shared.jobs.replicas import Replicas
from shared.jobs.scripts import script
from shared.logs import get_logger
from shared.schemas import JobStatus
from shared.settings import Settings

log = get_logger(__name__)


class Execution:
    """Changes job records on behalf of workers.

    A *token* identifies one attempt at a job, and only its owner can end the job. A token starts with the name of its
    *holder*, the process that runs the attempt, and a dot. So the main process of a worker can release the jobs of a
    process that has died.

    Parameters
    ----------
    redis
        A client that decodes responses.
    lease
        Seconds that a claim is valid unless it is renewed.
    result_ttl
        Seconds that an ended job is kept.
    replicas
        Replicas that must have the end of a job before its documents are removed.

    """

    def __init__(
        self, redis: Redis, *, lease: int, result_ttl: int, replicas: int = 0, keys: RedisKeys | None = None
    ) -> None:
        self._redis = redis
        self._keys = keys or RedisKeys()
        self._replicas = Replicas(replicas)
        self.replicated = True
        """Whether the replicas have the last job end that was written here."""
        self.lease = lease
        self._result_ttl = result_ttl
        self._claim, self._renew, self._finish, self._postpone, self._release, self._erase = (
            redis.register_script(script(name)) for name in ("claim", "renew", "finish", "postpone", "release", "erase")
        )

    @classmethod
    def from_settings(cls, redis: Redis, settings: Settings) -> Self:
        """Return an instance with the leases and times of the settings."""
        return cls(
            redis,
            lease=settings.job_lease,
            result_ttl=settings.result_ttl,
            replicas=settings.redis_replicas,
            keys=RedisKeys(settings.redis_namespace),
        )

    def claim(self, job_id: str, token: str) -> Job | None:
        """Claim a job for the time of the lease; None if it is not queued, for example after a duplicate message."""
        outcome, *record = self._claim(self._keys.of_job(job_id), [job_id, token, self.lease, ""])
        if outcome == "batch":
            (batch,) = record
            outcome, *record = self._claim(self._keys.of_job(job_id, batch), [job_id, token, self.lease, batch])
        if outcome == "dropped":
            log.error("job dropped: its record is lost", job_id=job_id)
        return Job.parse(parse_pairs(record)) if record else None

    def renew(self, holders: Iterable[tuple[str, str]]) -> None:
        """Extend leases, given as pairs of job id and holder."""
        for job_id, holder in holders:
            self._renew(self._keys.of_job(job_id), [job_id, holder, self.lease])

    def succeed(self, job: Job, token: str, result: BlobRef) -> bool:
        """End a job with its result; False without any change if another attempt owns the job."""
        return self._end(job, token, JobStatus.SUCCEEDED, "result", result.dump())

    def fail(self, job: Job, token: str, failure: Failure) -> bool:
        """End a job with a failure; False without any change if another attempt owns the job."""
        return self._end(job, token, JobStatus.FAILED, "failure", failure.dump())

    def _end(self, job: Job, token: str, status: JobStatus, field: str, value: str) -> bool:
        keys = self._keys.of_job(job.id, job.batch)
        args: list[str | int] = [job.id, token, status.value, field, value, self._result_ttl]
        ended, self.replicated = self._replicas.write(self._redis, lambda client: self._finish(keys, args, client))
        return bool(ended)

    def postpone(self, job: Job, token: str, seconds: float, *, counts: bool) -> bool:
        """Queue a job again after a delay; False if another attempt owns it. ``counts``: count this attempt or not."""
        keys = self._keys.of_job(job.id, job.batch)
        return bool(self._postpone(keys, [job.id, token, seconds, int(counts)]))

    def release(self, job_id: str, holder: str, failure: Failure | None = None) -> bool:
        """Release the job of a process that has died: the job fails with this failure or, without one, is retried.

        Returns whether the process held the job.
        """
        args: list[str | int] = [job_id, holder, failure.dump() if failure else "", self._result_ttl]
        return bool(self._release(read_keys(self._redis, self._keys, job_id), args))

    def cancel(self, job_id: str, *, running: bool = False, received: bool = False) -> bool:
        """Cancel a queued job.

        Parameters
        ----------
        job_id
            The job.
        running
            Whether to cancel it even if it is running.
        received
            Whether its message has been received, so that it no longer counts as open.

        Returns
        -------
        bool
            False if the job does not exist or cannot be cancelled.

        """
        state = "unfinished" if running else "queued"
        args: list[str | int] = [job_id, self._result_ttl, CANCELLED, state, "", "received" if received else ""]
        return bool(self._erase(read_keys(self._redis, self._keys, job_id), args))
