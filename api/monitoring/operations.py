"""Redis, the workers and the last failures for ``GET /stats``, cached so that many open consoles cost little."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from redis.asyncio import Redis

from shared.jobs import RedisKeys, read_failures, read_workers
from shared.redis.server_info import read_server
from shared.settings import Settings
from shared.stats_schemas import FailedJob, FailureCode, RedisServer, RunningJob, WorkerState

_MAX_AGE = 2.0  # seconds


@dataclass(frozen=True, slots=True)
class OperationsState:
    """A snapshot of Redis, the workers and the last failures."""

    at: datetime
    redis: RedisServer | None
    workers: list[WorkerState]
    failures: list[FailureCode]


class Operations:
    """Reads the state at most once in two seconds.

    Ids of jobs are left out if everybody may use the service without an API key, because an id is then all that is
    needed to read the result.

    Parameters
    ----------
    redis
        A client that decodes responses.

    """

    def __init__(self, redis: Redis, keys: RedisKeys, settings: Settings) -> None:
        self._redis = redis
        self._keys = keys
        self._hides_ids = settings.allow_anonymous and settings.api_keys_path is None
        self._lock = asyncio.Lock()
        self._state: OperationsState | None = None
        self._read_at = 0.0

    async def read(self) -> OperationsState:
        """Return the state, at most two seconds old.

        Raises
        ------
        redis.exceptions.RedisError
            Redis does not respond.

        """
        async with self._lock:
            now = asyncio.get_running_loop().time()
            if self._state is None or now - self._read_at > _MAX_AGE:
                self._state, self._read_at = await self._read(), now
            return self._state

    async def _read(self) -> OperationsState:
        server = await read_server(self._redis)
        states = await read_workers(self._redis, self._keys)
        names = [worker.name for worker in states.workers]
        failures = await read_failures(self._redis, self._keys, states.at, names)
        workers = states.workers
        if self._hides_ids:
            workers = [worker.model_copy(update={"jobs": _without_ids(worker.jobs)}) for worker in workers]
            failures = [failure.model_copy(update={"jobs": _without_ids(failure.jobs)}) for failure in failures]
        return OperationsState(datetime.fromtimestamp(states.at, UTC), server, workers, failures)


def _without_ids(jobs: Iterable[RunningJob | FailedJob]) -> list[RunningJob | FailedJob]:
    return [job.model_copy(update={"id": None}) for job in jobs]
