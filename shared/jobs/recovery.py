"""Jobs that were lost, found in the records: leases that ran out, and messages that never came. Blocking."""

from collections.abc import Mapping
from typing import Self

from redis import Redis

from shared.jobs.clock import due, server_time
from shared.jobs.record import Failure
from shared.jobs.redis_keys import Keys, read_keys
from shared.jobs.scripts import script
from shared.logs import get_logger
from shared.queue import QUEUES
from shared.settings import Settings

log = get_logger(__name__)

REAPER_INTERVAL = 2
"""Seconds between two runs of the reaper, of all workers together."""

LONGEST_PAUSE = 600
"""Seconds for which a job may be postponed: a time further ahead was written before the server's clock was set back."""

_OVERTAKEN_BY = 10
"""Seconds by which a message must be older than that of a job that has been started, to count as lost."""

_LOST_AFTER = 3
"""Seconds after which a message counts as lost that was published to a queue that is empty."""


class Recovery:
    """The job records, as the reaper sees them.

    Parameters
    ----------
    redis
        A client that decodes responses.
    max_attempts
        Claims of one job before it is set aside.
    lease, result_ttl
        As for :class:`shared.jobs.Execution`.

    """

    def __init__(
        self, redis: Redis, *, lease: int, max_attempts: int, result_ttl: int, keys: Keys | None = None
    ) -> None:
        self._redis = redis
        self._keys = keys or Keys()
        self._lease = lease
        self._max_attempts = max_attempts
        self._result_ttl = result_ttl
        self._recover, self._republish, self._turn = (
            redis.register_script(script(name)) for name in ("recover", "republish", "interval_lock")
        )

    @classmethod
    def configured(cls, redis: Redis, settings: Settings) -> Self:
        """Return the records as the settings have them."""
        return cls(
            redis,
            lease=settings.job_lease,
            max_attempts=settings.max_attempts,
            result_ttl=settings.result_ttl,
            keys=Keys(settings.redis_namespace),
        )

    def turn(self) -> bool:
        """Tell whether it is this caller's turn to run the reaper."""
        return bool(self._turn([self._keys.name("reaper")], [REAPER_INTERVAL]))

    def recover(self) -> dict[str, str]:
        """Queue jobs again whose lease ran out, or that were postponed until now; end them above the limit of attempts.

        Returns
        -------
        dict[str, str]
            By job id, the queue to publish it to.

        """
        self._redis.hincrby(self._keys.totals, "reaper_runs", 1)
        now = server_time(self._redis)
        ids = due(self._redis, self._keys.running, now, ahead=now + self._lease)
        ids += due(self._redis, self._keys.postponed, now, ahead=now + LONGEST_PAUSE)
        crashed = Failure("worker_crashed").dump()
        queued: dict[str, str] = {}
        for job_id in ids:
            args: list[str | int] = [job_id, self._max_attempts, crashed, self._result_ttl, self._lease, LONGEST_PAUSE]
            outcome = self._recover(read_keys(self._redis, self._keys, job_id), args)
            if outcome == "dropped":
                log.error("record lost, job dropped", job_id=job_id)
            elif outcome in QUEUES:
                queued[job_id] = str(outcome)
        return queued

    def lost(self, lengths: Mapping[str, int]) -> dict[str, str]:
        """Find queued jobs whose message was lost, and note that it is published again.

        A queue is first in, first out. So a message was lost if a job was started that had been published to the same
        queue well after it; or if the queue is empty, and the job was published to it some time ago. It need not be
        certain, since a message too many changes nothing.

        Parameters
        ----------
        lengths
            Messages in the broker, by queue.

        Returns
        -------
        dict[str, str]
            By job id, the queue to publish it to.

        """
        now = server_time(self._redis)
        found: dict[str, str] = {}
        received = now
        for queue in QUEUES:
            started = float(self._redis.hget(self._keys.started, queue) or 0)
            if started > now:  # before the server's clock was set back
                self._redis.hdel(self._keys.started, queue)
                started = 0
            until = started - _OVERTAKEN_BY if lengths[queue] else now - _LOST_AFTER
            received = min(received, until)
            for job_id in due(self._redis, self._keys.waiting(queue), until, ahead=now):
                match self._republish(self._keys.of_job(job_id), [job_id, queue, until]):
                    case "published":
                        found[job_id] = queue
                    case "dropped":
                        log.error("record lost, job dropped", job_id=job_id)
        # Messages of cancelled jobs that were lost, of either queue: they are not published again.
        self._redis.zremrangebyscore(self._keys.cancelled, "-inf", received)
        self._redis.zremrangebyscore(self._keys.cancelled, f"({now}", "+inf")
        return found
