"""What was lost, found in the records: leases that ran out, messages that never came, bytes that are due. Blocking."""

from typing import Self

from redis import Redis

from shared.jobs import scripts
from shared.jobs.pulse import WORKER_SILENCE, WORKERS
from shared.jobs.record import Failure, pairs
from shared.queue import CALLBACKS as CALLBACK_QUEUE
from shared.settings import Settings

SWEEP_EVERY = 5
"""Seconds between two sweeps, of all workers together."""

LONGEST_PAUSE = 600
"""Seconds for which a job may be put off: a time further ahead was written before the server's clock was set back."""

_BATCH = 1000
"""Jobs that one sweep wakes workers for, and blobs that one cleaning removes, at most."""

_LOST_AFTER = 10
"""Seconds that a job waits with nothing before it, until its message counts as lost."""

_ORPHANS = "storage:orphans"
_ORPHANS_EVERY = 600
"""Seconds between two looks for bytes that no record knows: a listing of the whole object store."""

_ASKED = "storage:asked"
_ASK_AGAIN = 60
"""Seconds after which a request to remove bytes that nobody has taken up is made again."""

_CALLBACK_FORGOTTEN = 25 * 3600  # seconds

_CALLBACK_LOST_AFTER = 5
"""Seconds that a callback is overdue before its message counts as lost."""


class Recovery:
    """The job records, as the sweep sees them.

    Parameters
    ----------
    redis
        A client that decodes responses.
    max_attempts
        Claims of one job before it is set aside.
    lease, result_ttl
        As for :class:`shared.jobs.Execution`.

    """

    def __init__(self, redis: Redis, *, lease: int, max_attempts: int, result_ttl: int) -> None:
        self._redis = redis
        self._lease = lease
        self._max_attempts = max_attempts
        self._result_ttl = result_ttl
        self._recover, self._overdue, self._turn = (
            redis.register_script(scripts.script(name)) for name in ("recover", "overdue", "turn")
        )

    @classmethod
    def configured(cls, redis: Redis, settings: Settings) -> Self:
        """Return the records as the settings have them."""
        return cls(redis, lease=settings.job_lease, max_attempts=settings.max_attempts, result_ttl=settings.result_ttl)

    def sweep_turn(self) -> bool:
        """Tell whether it is this caller's turn to sweep."""
        return bool(self._turn(args=["sweep:turn", SWEEP_EVERY]))

    def cleaning_turn(self) -> bool:
        """Tell whether bytes are due for removal, or it is time to look for some, and nobody was asked lately."""
        due = bool(self.expired_blobs(1)) or not self._redis.exists(_ORPHANS)
        return due and bool(self._turn(args=[_ASKED, _ASK_AGAIN]))

    def cleaning_begins(self) -> None:
        """Say that they are being removed: what is due after this is asked for anew."""
        self._redis.delete(_ASKED)

    def orphans_turn(self) -> bool:
        """Tell whether it is this caller's turn to look for bytes that no record knows."""
        return bool(self._turn(args=[_ORPHANS, _ORPHANS_EVERY]))

    def recover(self) -> list[str]:
        """Put back jobs whose lease ran out, or end them above the limit of attempts; return whom to wake workers for.

        Among them are jobs that were postponed until now.
        """
        crashed = Failure("worker_crashed").dump()
        args: list[str | int] = [self._max_attempts, self._result_ttl, crashed, self._lease, LONGEST_PAUSE, _BATCH]
        return [str(job_id) for job_id in self._recover(args=args)]

    def overdue(self) -> dict[str, str]:
        """Return jobs that wait though the broker has no message left, and through which queue to wake workers."""
        return pairs(self._overdue(args=[_LOST_AFTER, _BATCH]))

    def due_callbacks(self) -> list[str]:
        """Return the jobs whose receiver should have been told, if no message is left that would see to it.

        What is older than a callback is tried for, because none of its workers ran, is forgotten.
        """
        now = self._now()
        self._redis.zremrangebyscore(scripts.CALLBACKS, "-inf", now - _CALLBACK_FORGOTTEN)
        return [] if self._redis.llen(CALLBACK_QUEUE) else self._due(scripts.CALLBACKS, now - _CALLBACK_LOST_AFTER)

    def expired_blobs(self, limit: int = _BATCH) -> list[str]:
        """Return paths in the object store that are to be removed."""
        return self._due(scripts.EXPIRING, self._now(), limit)

    def forget_blobs(self, paths: list[str]) -> None:
        """Note that these blobs have been removed."""
        if paths:
            self._redis.zrem(scripts.EXPIRING, *paths)

    def known(self, job_ids: list[str]) -> set[str]:
        """Return which of these jobs have a record."""
        pipeline = self._redis.pipeline(transaction=False)
        for job_id in job_ids:
            pipeline.exists(scripts.JOB + job_id, scripts.CALLBACK + job_id)
        return {job_id for job_id, count in zip(job_ids, pipeline.execute(), strict=True) if count}

    def pulse(self, worker: str) -> None:
        """Say that this worker consumes."""
        now = self._now()
        self._redis.zadd(WORKERS, {worker: now})
        self._redis.zremrangebyscore(WORKERS, "-inf", now - 10 * WORKER_SILENCE)
        self._redis.zremrangebyscore(WORKERS, now + WORKER_SILENCE, "+inf")  # said before the clock was set back

    def consumes(self, worker: str) -> bool:
        """Tell whether this worker has said so lately."""
        said = self._redis.zscore(WORKERS, worker)
        return said is not None and abs(self._now() - float(said)) < WORKER_SILENCE

    def leave(self, worker: str) -> None:
        """Say that this worker no longer consumes."""
        self._redis.zrem(WORKERS, worker)

    def _due(self, key: str, until: float, limit: int = _BATCH) -> list[str]:
        return [str(member) for member in self._redis.zrangebyscore(key, "-inf", until, start=0, num=limit)]

    def _now(self) -> float:
        seconds, microseconds = self._redis.time()
        return float(seconds) + float(microseconds) / 1e6
