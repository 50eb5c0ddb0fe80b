"""A worker without vision code: it claims the next job and ends it at once."""

import json
import uuid
from typing import Any

from shared.blobs import BlobStore, blob_path
from shared.job_kinds.registry import KINDS
from shared.jobs import Execution, Failure, Job, RedisKeys
from shared.queue import QUEUES
from shared.redis.connections import worker_redis
from shared.settings import Settings

BODIES = {kind.name: kind.example for kind in KINDS}
"""Results, as the OpenAPI description shows them."""


class Worker:
    """Ends one job per call."""

    def __init__(self, settings: Settings) -> None:
        assert settings.redis_url is not None
        self._redis = worker_redis(settings.redis_url)
        self._execution = Execution.from_settings(self._redis, settings)
        self._blobs = BlobStore.from_settings(settings)

    def claim(self) -> tuple[Job, str]:
        """Claim the next job; return it with the token of the attempt."""
        token = f"process.{uuid.uuid4().hex}"
        (job_id, *_) = [job_id for queue in QUEUES for job_id in self._redis.zrange(RedisKeys().waiting(queue), 0, 0)]
        job = self._execution.claim(str(job_id), token)
        assert job is not None
        return job, token

    def succeed(self, result: dict[str, Any] | None = None) -> Job:
        """End the next job with a result, by default the example of its kind."""
        job, token = self.claim()
        body = json.dumps(result or BODIES[job.kind]).encode()
        stored = self._blobs.put_now(blob_path("results", job.id, "result"), body)
        assert self._execution.succeed(job, token, stored)
        return job

    def fail(self, code: str = "no_face") -> Job:
        job, token = self.claim()
        assert self._execution.fail(job, token, Failure(code, "file"))
        return job

    def close(self) -> None:
        self._redis.close()
