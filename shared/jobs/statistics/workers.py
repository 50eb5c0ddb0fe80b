"""Which workers consume: each says so, by its node name, in a sorted set of times. Blocking."""

from redis import Redis

from shared.jobs.clock import server_time
from shared.jobs.redis_keys import Keys

WORKER_SILENCE = 30
"""Seconds after which a worker without a heartbeat counts as gone."""

HEARTBEAT_INTERVAL = 5.0
"""Seconds between two heartbeats; a few may be lost before the worker counts as gone."""


class Workers:
    """The workers that consume.

    Parameters
    ----------
    redis
        A client that decodes responses.

    """

    def __init__(self, redis: Redis, keys: Keys | None = None) -> None:
        self._redis = redis
        names = keys or Keys()
        self._consuming, self._unconfined = names.workers, names.unconfined

    def beat(self, worker: str, *, confined: bool = True) -> None:
        """Note that this worker consumes, and forget those that have been silent for long.

        Parameters
        ----------
        worker
            Its node name.
        confined
            Whether it confines the processes that read documents.

        """
        now = server_time(self._redis)
        for key in (self._consuming,) if confined else (self._consuming, self._unconfined):
            self._redis.zadd(key, {worker: now})
            self._redis.zremrangebyscore(key, "-inf", now - 10 * WORKER_SILENCE)
            self._redis.zremrangebyscore(key, now + WORKER_SILENCE, "+inf")  # noted before the clock was set back

    def leave(self, worker: str) -> None:
        """Note that this worker no longer consumes."""
        self._redis.zrem(self._consuming, worker)
        self._redis.zrem(self._unconfined, worker)
