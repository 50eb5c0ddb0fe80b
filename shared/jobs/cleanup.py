"""Bookkeeping of storage cleanup: blobs that are due for removal, and progress of the orphan scan. Blocking."""

from typing import Self

from redis import Redis

from shared.jobs.clock import server_time
from shared.jobs.redis_keys import RedisKeys
from shared.jobs.replicas import Replicas
from shared.jobs.scripts import script
from shared.settings import Settings

_CHUNK = 1000  # blobs that are removed at once

_ORPHAN_SCAN_INTERVAL = 600
"""Seconds between two orphan scans. Each one lists the whole object store."""

_REQUEST_INTERVAL = 60
"""Seconds after which cleanup is requested again if no worker has started it."""

_FAILOVER_TIME = 600
"""Longest time in seconds that due documents are kept because replicas are behind. A failover takes less."""


class Cleanup:
    """Decides when storage cleanup runs and which blobs it removes.

    Parameters
    ----------
    redis
        A client that decodes responses.
    replicas
        Replicas that must have the end of a job before its documents are removed.

    """

    def __init__(self, redis: Redis, *, replicas: int = 0, keys: RedisKeys | None = None) -> None:
        self._redis = redis
        self._keys = keys or RedisKeys()
        self._replicas = Replicas(replicas)
        self._requested, self._scan_lock, self._cursor, self._replicated = (
            self._keys.name(f"storage:{name}") for name in ("requested", "orphans", "cursor", "replicated")
        )
        self._interval_lock = redis.register_script(script("interval_lock"))

    @classmethod
    def from_settings(cls, redis: Redis, settings: Settings) -> Self:
        """Return an instance for the namespace in the settings."""
        return cls(redis, replicas=settings.redis_replicas, keys=RedisKeys(settings.redis_namespace))

    def is_due(self) -> bool:
        """Tell whether to request cleanup: blobs or an orphan scan are due, and it was not requested recently."""
        due = self.expired_blobs(1) or not self._redis.exists(self._scan_lock) or self._redis.exists(self._cursor)
        return bool(due) and bool(self._interval_lock([self._requested], [_REQUEST_INTERVAL]))

    def mark_started(self) -> None:
        """Record that cleanup has started. Blobs that become due from now on lead to a new request."""
        self._redis.delete(self._requested)

    def expired_blobs(self, limit: int = _CHUNK, *, due_for: float = 0) -> list[str]:
        """Return the paths of blobs that became due for removal at least ``due_for`` seconds ago, the oldest first."""
        before = server_time(self._redis) - due_for
        found = self._redis.zrangebyscore(self._keys.expiring, "-inf", before, start=0, num=limit)
        return [str(path) for path in found]

    def removable_blobs(self) -> list[str]:
        """Return the paths of due blobs that no job can need again after a failover.

        If Redis failed over to a replica without the end of a job, the job would run again and need its documents.
        While replicas are behind, documents are therefore kept for ten more minutes, and the next cleanup is requested
        after a pause.
        """
        paths = self.expired_blobs()
        if not paths or self._replicas.count == 0 or self._replicas_are_complete():
            return paths
        self._interval_lock([self._requested], [_REQUEST_INTERVAL])
        old = set(self.expired_blobs(due_for=_FAILOVER_TIME))
        return [path for path in paths if path in old or not path.startswith("documents/")]

    def _replicas_are_complete(self) -> bool:
        """Tell whether the replicas have everything that was written before this call.

        ``WAIT`` covers the last write of its connection and all that precedes it, so this writes something.
        """
        _, complete = self._replicas.write(
            self._redis, lambda client: client.set(self._replicated, 1, ex=_FAILOVER_TIME)
        )
        return complete

    def forget_blobs(self, paths: list[str]) -> None:
        """Record that these blobs have been removed."""
        if paths:
            self._redis.zrem(self._keys.expiring, *paths)

    def existing_jobs(self, job_ids: list[str]) -> set[str]:
        """Return those of these jobs that have a record."""
        pipeline = self._redis.pipeline(transaction=False)
        for job_id in job_ids:
            pipeline.exists(self._keys.job(job_id), self._keys.webhook(job_id))
        return {job_id for job_id, count in zip(job_ids, pipeline.execute(), strict=True) if count}

    def orphan_scan_position(self) -> str | None:
        """Return the path after which the orphan scan continues; None if no scan is due."""
        cursor = self._redis.get(self._cursor)
        if cursor is not None:
            return str(cursor)
        return "" if self._interval_lock([self._scan_lock], [_ORPHAN_SCAN_INTERVAL]) else None

    def save_orphan_scan_position(self, cursor: str | None) -> None:
        """Save the progress of the orphan scan; None once it is complete."""
        if cursor is None:
            self._redis.delete(self._cursor)
        else:
            self._redis.set(self._cursor, cursor)
