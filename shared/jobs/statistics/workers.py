"""Registry of the workers: when each has sent its last heartbeat, and what it reports about itself. Blocking."""

import json
from dataclasses import dataclass

from redis import Redis

from shared.jobs.clock import server_time
from shared.jobs.redis_keys import RedisKeys

WORKER_SILENCE = 30
"""Seconds without a heartbeat after which a worker counts as gone."""

WORKER_FORGOTTEN = 10 * WORKER_SILENCE
"""Seconds without a heartbeat after which a worker is no longer listed."""

HEARTBEAT_INTERVAL = 5.0
"""Seconds between two heartbeats. Several may be lost before a worker counts as gone."""


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """What a worker reports about itself with a heartbeat.

    Attributes
    ----------
    queues
        The queues that it receives jobs from, in order.
    processes
        Jobs that it can run at the same time.
    uptime
        Seconds since it started.

    """

    queues: list[str]
    processes: int
    uptime: float

    def dump(self, now: float) -> str:
        """Return the report as it is stored, with the time of the start by the clock of Redis."""
        return json.dumps(
            {
                "queues": self.queues,
                "processes": self.processes,
                "started_at": round(now - self.uptime, 1),
            }
        )


class Workers:
    """Records the heartbeats of workers that consume messages.

    Parameters
    ----------
    redis
        A client that decodes responses.

    """

    def __init__(self, redis: Redis, keys: RedisKeys | None = None) -> None:
        self._redis = redis
        self._keys = keys or RedisKeys()

    def heartbeat(self, worker: str, report: WorkerReport | None = None, *, confined: bool = True) -> None:
        """Record a heartbeat, and remove workers that have been silent for a long time.

        Parameters
        ----------
        worker
            Node name of the worker.
        report
            What it reports about itself.
        confined
            Whether it sandboxes the processes that read documents.

        """
        now = server_time(self._redis)
        with self._redis.pipeline(transaction=False) as pipeline:
            for key in (self._keys.workers,) if confined else (self._keys.workers, self._keys.unconfined):
                pipeline.zadd(key, {worker: now})
                pipeline.zremrangebyscore(key, "-inf", now - WORKER_FORGOTTEN)
                # Later times were written before the server clock was set back.
                pipeline.zremrangebyscore(key, now + WORKER_SILENCE, "+inf")
            if report:
                pipeline.set(self._keys.worker(worker), report.dump(now), ex=WORKER_FORGOTTEN)
            pipeline.execute()

    def remove(self, worker: str) -> None:
        """Record that a worker no longer consumes messages."""
        self._redis.zrem(self._keys.workers, worker)
        self._redis.zrem(self._keys.unconfined, worker)
        self._redis.delete(self._keys.worker(worker))
