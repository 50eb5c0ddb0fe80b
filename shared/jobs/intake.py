"""The API's side of the job record: create it, read it, hear of its end. Asynchronous."""

from collections.abc import Mapping

from redis.asyncio import Redis

from shared.blobs import BlobRef
from shared.jobs import scripts
from shared.jobs.pulse import WORKER_SILENCE, WORKERS
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

    """

    def __init__(self, redis: Redis, result_ttl: int) -> None:
        self._redis = redis
        self._result_ttl = result_ttl
        self._create = redis.register_script(scripts.CREATE)
        self._erase = redis.register_script(scripts.ERASE)

    async def create(
        self, job_id: str, kind: JobKind, queue: str, inputs: Mapping[str, BlobRef], threshold: float | None = None
    ) -> Job:
        """Write the record of a job that waits. From here on the job is accepted.

        Raises
        ------
        redis.exceptions.RedisError
            It may or may not have been written.

        """
        fields = ["kind", kind.value, "inputs", dump_inputs(inputs)]
        if threshold is not None:
            fields += ["threshold", repr(threshold)]
        return Job.parse(pairs(await self._create(args=[job_id, queue, *fields])))

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

    async def workers_alive(self) -> int:
        """Count the workers that have said within the last 30 s that they consume."""
        seconds, _ = await self._redis.time()
        return int(await self._redis.zcount(WORKERS, seconds - WORKER_SILENCE, "+inf"))
