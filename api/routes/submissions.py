"""From an HTTP request with a form to an accepted job."""

import asyncio

from fastapi import Request

from api.auth.caller import Caller
from api.auth.rate_limiter import LimitStatus, limit_headers
from api.http import headers
from api.http.origins import is_cross_origin
from api.http.upload_memory import MemoryFullError, Upload
from api.http.uploads import Form, read_form
from api.jobs.options import OPTION_NAMES
from api.jobs.services import Services
from api.jobs.submission import Accepted, Submission, check_capacity, create_job
from shared import audit
from shared.errors import ServiceError
from shared.formats import formats_named
from shared.job_kinds.declaration import JobKind


async def submit(  # noqa: PLR0913, PLR0917 - all that makes a job
    request: Request, services: Services, caller: Caller, kind: JobKind, queue: str, job_id: str
) -> Accepted:
    """Read the form of a request and create its job.

    Raises
    ------
    ServiceError
        The form or an option is invalid, too many jobs are open, or the quota is used up.
    redis.exceptions.RedisError, obstore.exceptions.BaseError
        Redis or the object store failed.

    """
    try:
        accepted = await _submit(request, services, caller, kind, queue, job_id)
    except ServiceError as error:
        audit.record("submit", error.problem.code, kind=kind.name)
        raise
    if caller.quota and accepted.usage:
        headers.add(request, limit_headers(caller.rate, LimitStatus.of_quota(caller.quota, accepted.usage)))
    audit.record("submit", "accepted" if accepted.is_new else "repeated", job_id=accepted.job.id, kind=kind.name)
    return accepted


async def _submit(  # noqa: PLR0913, PLR0917 - as above
    request: Request, services: Services, caller: Caller, kind: JobKind, queue: str, job_id: str
) -> Accepted:
    key = request.headers.get("idempotency-key")
    await check_capacity(services, caller, has_key=key is not None)
    with services.upload_memory.upload() as upload:  # until the documents are stored
        form = await _read(request, services, kind, upload)
        submission = Submission(
            job_id,
            kind,
            queue,
            form.files,
            request.query_params,
            form.fields,
            key,
            # Without API keys, all callers share all batches.
            may_join_batch=caller.name is not None or not is_cross_origin(request),
        )
        return await create_job(services, caller, submission)


async def _read(request: Request, services: Services, kind: JobKind, upload: Upload) -> Form:
    """Read the form, within the limits on the time and memory of uploads."""
    settings = services.settings

    async def received(size: int) -> None:
        try:
            await services.upload_memory.charge(upload, size, deadline)
        except MemoryFullError as error:
            raise await services.backpressure.refusal() from error

    formats = formats_named(settings.accepted_formats)
    try:
        async with asyncio.timeout(settings.upload_timeout) as deadline:
            return await read_form(
                request, kind.input_names, OPTION_NAMES, settings.max_upload_bytes, formats, received
            )
    except TimeoutError as error:
        raise ServiceError("upload_timeout") from error
