"""The API's side of the job record: create it, read it, hear of its end. Asynchronous."""

from collections.abc import Mapping

from redis.asyncio import Redis

from shared.blobs import BlobRef
from shared.jobs import scripts
from shared.jobs.load import Load, read_load
from shared.jobs.record import Failure, Job, dump_inputs, pairs
from shared.schemas import JobKind


class Intake:
    """The job records, as the API uses them.

    Parameters
    ----------
    redis
        A client that decodes responses.
    result_ttl
        Seconds that an ended job is kept.
    max_open
        Jobs that may wait and run at once.

    """

    def __init__(self, redis: Redis, result_ttl: int, max_open: int) -> None:
        self._redis = redis
        self._result_ttl = result_ttl
        self._max_open = max_open
        self._create = redis.register_script(scripts.CREATE)
        self._erase = redis.register_script(scripts.ERASE)

    async def create(
        self, job_id: str, kind: JobKind, queue: str, inputs: Mapping[str, BlobRef], threshold: float | None = None
    ) -> Job | None:
        """Write the record of a job that waits; None if as many are open as may be. From here on it is accepted.

        Raises
        ------
        redis.exceptions.RedisError
            It may or may not have been written.

        """
        fields = ["kind", kind.value, "inputs", dump_inputs(inputs)]
        if threshold is not None:
            fields += ["threshold", repr(threshold)]
        record = pairs(await self._create(args=[job_id, queue, self._max_open, *fields]))
        return Job.parse(record) if record else None

    async def get(self, job_id: str) -> Job | None:
        """Return a job, or None if there is none of this id (any more)."""
        fields = await self._redis.hgetall(scripts.JOB + job_id)
        return Job.parse({str(name): str(value) for name, value in fields.items()}) if fields else None

    async def erase(self, job_id: str) -> bool:
        """Cancel an unfinished job, or forget an ended one; False if there is no such job.

        Its documents and its result cannot be read from here on, since their keys are gone from the record; the sweep
        removes their bytes. A worker that is at it can no longer end it.
        """
        return bool(await self._erase(args=[job_id, self._result_ttl, Failure("cancelled").dump()]))

    async def load(self) -> Load:
        """Return what waits, what runs, and how fast it drains."""
        return await read_load(self._redis)

    def is_full(self, load: Load) -> bool:
        """Tell whether as many jobs are open as may be."""
        return load.open >= self._max_open
