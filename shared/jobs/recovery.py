"""Finds and requeues lost jobs: leases that have expired, and messages that were lost. Blocking."""

from collections.abc import Mapping
from typing import Self

from redis import Redis

from shared.jobs.clock import due_ids, server_time
from shared.jobs.record import Failure
from shared.jobs.redis_keys import RedisKeys, read_keys
from shared.jobs.scripts import script
from shared.logs import get_logger
from shared.queue import QUEUES
from shared.settings import Settings

log = get_logger(__name__)

REAPER_INTERVAL = 2
"""Seconds between two runs of the reaper, over all workers."""

LONGEST_PAUSE = 600
"""Longest delay of a postponed job, in seconds. A later time was written before the server clock was set back."""

_OVERTAKEN_BY = 10
"""Seconds by which a message must be older than the message of a started job to count as lost."""

_LOST_AFTER = 3
"""Seconds after which a message counts as lost if its queue is empty."""


class Recovery:
    """Requeues lost jobs, for the reaper.

    Parameters
    ----------
    redis
        A client that decodes responses.
    max_attempts
        Attempts after which a job fails.
    lease, result_ttl
        As for :class:`shared.jobs.Execution`.

    """

    def __init__(
        self, redis: Redis, *, lease: int, max_attempts: int, result_ttl: int, keys: RedisKeys | None = None
    ) -> None:
        self._redis = redis
        self._keys = keys or RedisKeys()
        self._lease = lease
        self._max_attempts = max_attempts
        self._result_ttl = result_ttl
        self._recover, self._republish, self._interval_lock = (
            redis.register_script(script(name)) for name in ("recover", "republish", "interval_lock")
        )

    @classmethod
    def from_settings(cls, redis: Redis, settings: Settings) -> Self:
        """Return an instance with the limits of the settings."""
        return cls(
            redis,
            lease=settings.job_lease,
            max_attempts=settings.max_attempts,
            result_ttl=settings.result_ttl,
            keys=RedisKeys(settings.redis_namespace),
        )

    def acquire_run(self) -> bool:
        """Return True to one caller per interval: this caller runs the reaper now."""
        return bool(self._interval_lock([self._keys.name("reaper")], [REAPER_INTERVAL]))

    def recover(self) -> dict[str, str]:
        """Requeue jobs whose lease has expired and postponed jobs that are due; fail jobs without attempts left.

        Returns
        -------
        dict[str, str]
            Queue to publish to, by job id.

        """
        self._redis.hincrby(self._keys.totals, "reaper_runs", 1)
        now = server_time(self._redis)
        ids = due_ids(self._redis, self._keys.running, now, ahead=now + self._lease)
        ids += due_ids(self._redis, self._keys.postponed, now, ahead=now + LONGEST_PAUSE)
        crashed = Failure("worker_crashed").dump()
        queued: dict[str, str] = {}
        for job_id in ids:
            args: list[str | int] = [job_id, self._max_attempts, crashed, self._result_ttl, self._lease, LONGEST_PAUSE]
            outcome = self._recover(read_keys(self._redis, self._keys, job_id), args)
            if outcome == "dropped":
                log.error("job dropped: its record is lost", job_id=job_id)
            elif outcome in QUEUES:
                queued[job_id] = str(outcome)
        return queued

    def republish_lost(self, lengths: Mapping[str, int]) -> dict[str, str]:
        """Find queued jobs whose message was lost, and record that it is published again.

        Queues are first in, first out. So a message is lost if a job has started that was published to the same queue
        well after it, or if the queue is empty and the job was published some time ago. A wrong guess does no harm,
        because a duplicate message changes nothing.

        Parameters
        ----------
        lengths
            Messages in the broker by queue.

        Returns
        -------
        dict[str, str]
            Queue to publish to, by job id.

        """
        now = server_time(self._redis)
        found: dict[str, str] = {}
        received = now
        for queue in QUEUES:
            started = float(self._redis.hget(self._keys.started, queue) or 0)
            if started > now:  # written before the server clock was set back
                self._redis.hdel(self._keys.started, queue)
                started = 0
            until = started - _OVERTAKEN_BY if lengths[queue] else now - _LOST_AFTER
            received = min(received, until)
            for job_id in due_ids(self._redis, self._keys.waiting(queue), until, ahead=now):
                match self._republish(self._keys.of_job(job_id), [job_id, queue, until]):
                    case "published":
                        found[job_id] = queue
                    case "dropped":
                        log.error("job dropped: its record is lost", job_id=job_id)
        # Lost messages of cancelled jobs, of either queue, are not published again.
        self._redis.zremrangebyscore(self._keys.cancelled, "-inf", received)
        self._redis.zremrangebyscore(self._keys.cancelled, f"({now}", "+inf")
        return found
