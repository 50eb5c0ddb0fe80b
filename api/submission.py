"""From a request's form to an accepted job: bound and sniff, store, record, wake."""

import math
import uuid

import anyio
from fastapi import Request
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from api.services import Services
from api.uploads import read_form
from shared import queue
from shared.errors import ServiceError
from shared.jobs import Job, Load
from shared.logs import get_logger
from shared.schemas import JobKind

log = get_logger(__name__)

FILES: dict[JobKind, tuple[str, ...]] = {
    JobKind.EXTRACT_FACE: ("file",),
    JobKind.COMPARE_FACES: ("selfie", "id_photo"),
}
"""The form fields that carry documents."""

LARGEST_THRESHOLD = 2.0
"""No two embeddings of unit length are farther apart."""


async def submit(request: Request, services: Services, kind: JobKind, queue_name: str) -> Job:
    """Accept a job. When this returns, its documents are stored and its record is written: it will end.

    Raises
    ------
    ServiceError
        The form is not as it must be.
    redis.exceptions.RedisError, obstore.exceptions.BaseError
        It could not be accepted.

    """
    form = await read_form(request, FILES[kind], services.settings.max_upload_bytes)
    threshold = None
    if kind is JobKind.COMPARE_FACES:
        threshold = _threshold(form.fields.get("threshold", request.query_params.get("threshold")))
    load = await services.intake.load()
    if services.intake.is_full(load):
        raise _overloaded(load)
    job_id = str(uuid.uuid4())
    inputs = {name: await services.blobs.put(f"documents/{job_id}/{name}", data) for name, data in form.files.items()}
    try:
        job = await services.intake.create(job_id, kind, queue_name, inputs, threshold)
        if job is None:
            raise _overloaded(load)
    except (RedisError, ServiceError):
        await services.blobs.delete([ref.path for ref in inputs.values()])  # refused: nothing stays behind
        raise
    try:
        await anyio.to_thread.run_sync(queue.publish, services.celery, job.id, queue_name)
    except OperationalError as error:
        log.warning("job accepted, but no worker woken; the sweep will", job_id=job.id, error=str(error))
    return job


def _overloaded(load: Load) -> ServiceError:
    return ServiceError("overloaded", headers={"Retry-After": str(load.retry_after)})


def _threshold(text: str | None) -> float | None:
    if text is None or not text.strip():
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= LARGEST_THRESHOLD:
        raise ServiceError("invalid_threshold", field="threshold")
    return value
