"""Which bytes in the object store are due for removal, and where the search for orphans stands. Blocking."""

from typing import Self

from redis import Redis

from shared.jobs.clock import server_time
from shared.jobs.redis_keys import Keys
from shared.jobs.scripts import script
from shared.settings import Settings

_CHUNK = 1000  # blobs that are removed in one go

_ORPHANS_EVERY = 600
"""Seconds between two searches for orphans: each lists the whole object store."""

_REQUEST_AGAIN = 60
"""Seconds after which cleaning is requested again, if no worker has begun with it."""


class Cleaning:
    """The records, as housekeeping uses them.

    Parameters
    ----------
    redis
        A client that decodes responses.

    """

    def __init__(self, redis: Redis, keys: Keys | None = None) -> None:
        self._redis = redis
        self._keys = keys or Keys()
        self._requested, self._orphans, self._cursor = (
            self._keys.name(f"storage:{name}") for name in ("requested", "orphans", "cursor")
        )
        self._turn = redis.register_script(script("interval_lock"))

    @classmethod
    def configured(cls, redis: Redis, settings: Settings) -> Self:
        """Return the records as the settings have them."""
        return cls(redis, Keys(settings.redis_namespace))

    def is_due(self) -> bool:
        """Tell whether to request cleaning: bytes are due, or a search for orphans, and it was not requested lately."""
        due = self.expired_blobs(1) or not self._redis.exists(self._orphans) or self._redis.exists(self._cursor)
        return bool(due) and bool(self._turn([self._requested], [_REQUEST_AGAIN]))

    def begins(self) -> None:
        """Note that bytes are being removed: what is due after this is requested again."""
        self._redis.delete(self._requested)

    def expired_blobs(self, limit: int = _CHUNK) -> list[str]:
        """Return paths in the object store that are to be removed."""
        found = self._redis.zrangebyscore(self._keys.expiring, "-inf", server_time(self._redis), start=0, num=limit)
        return [str(path) for path in found]

    def forget_blobs(self, paths: list[str]) -> None:
        """Note that these blobs have been removed."""
        if paths:
            self._redis.zrem(self._keys.expiring, *paths)

    def known(self, job_ids: list[str]) -> set[str]:
        """Return which of these jobs have a record."""
        pipeline = self._redis.pipeline(transaction=False)
        for job_id in job_ids:
            pipeline.exists(self._keys.job(job_id), self._keys.callback(job_id))
        return {job_id for job_id, count in zip(job_ids, pipeline.execute(), strict=True) if count}

    def orphan_search(self) -> str | None:
        """Return where the search for orphans goes on: after this prefix; None if none is due."""
        cursor = self._redis.get(self._cursor)
        if cursor is not None:
            return str(cursor)
        return "" if self._turn([self._orphans], [_ORPHANS_EVERY]) else None

    def searched(self, cursor: str | None) -> None:
        """Note how far the search for orphans has come; None once it is at the end."""
        if cursor is None:
            self._redis.delete(self._cursor)
        else:
            self._redis.set(self._cursor, cursor)
