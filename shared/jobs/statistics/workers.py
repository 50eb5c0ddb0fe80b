"""Heartbeats of workers: a sorted set of node names by the time of the last heartbeat. Blocking."""

from redis import Redis

from shared.jobs.clock import server_time
from shared.jobs.redis_keys import RedisKeys

WORKER_SILENCE = 30
"""Seconds without a heartbeat after which a worker counts as gone."""

HEARTBEAT_INTERVAL = 5.0
"""Seconds between two heartbeats. Several may be lost before a worker counts as gone."""


class Workers:
    """Records the heartbeats of workers that consume messages.

    Parameters
    ----------
    redis
        A client that decodes responses.

    """

    def __init__(self, redis: Redis, keys: RedisKeys | None = None) -> None:
        self._redis = redis
        names = keys or RedisKeys()
        self._consuming, self._unconfined = names.workers, names.unconfined

    def heartbeat(self, worker: str, *, confined: bool = True) -> None:
        """Record a heartbeat, and remove workers that have been silent for a long time.

        Parameters
        ----------
        worker
            Node name of the worker.
        confined
            Whether it sandboxes the processes that read documents.

        """
        now = server_time(self._redis)
        for key in (self._consuming,) if confined else (self._consuming, self._unconfined):
            self._redis.zadd(key, {worker: now})
            self._redis.zremrangebyscore(key, "-inf", now - 10 * WORKER_SILENCE)
            # Later times were written before the server clock was set back.
            self._redis.zremrangebyscore(key, now + WORKER_SILENCE, "+inf")

    def remove(self, worker: str) -> None:
        """Record that a worker no longer consumes messages."""
        self._redis.zrem(self._consuming, worker)
        self._redis.zrem(self._unconfined, worker)
