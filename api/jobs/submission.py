"""From a request's form to an accepted job: bound and sniff, store, record, publish."""

import asyncio
import uuid
from dataclasses import dataclass

from asgi_correlation_id import correlation_id
from fastapi import Request as HttpRequest

from api.auth.caller import Caller
from api.auth.rate_limiter import LimitStatus, limit_headers
from api.http import headers
from api.http.origins import is_cross_origin
from api.http.upload_memory import MemoryFullError, Upload
from api.http.uploads import Form, read_form
from api.jobs.options import KNOWN, Options, idempotency_key, read_options
from api.jobs.services import Services
from api.monitoring.metrics import UPLOAD_BYTES
from shared import audit, tracing
from shared.blobs import blob_path
from shared.errors import ServiceError
from shared.formats import formats_named
from shared.jobs import CreateOutcome, IdempotencyKey, Job, QuotaUsage, Request
from shared.logs import get_logger
from shared.schemas import JobKind
from shared.threads import run_in_thread

log = get_logger(__name__)

FILES: dict[JobKind, tuple[str, ...]] = {
    JobKind.EXTRACT_FACE: ("file",),
    JobKind.COMPARE_FACES: ("selfie", "id_photo"),
}
"""The form fields that carry documents."""

_REFUSALS = {CreateOutcome.CONFLICT: "idempotency_key_reused", CreateOutcome.EXPIRED: "job_expired"}


@dataclass(frozen=True, slots=True)
class Accepted:
    """A job that was accepted.

    Attributes
    ----------
    job
        As it was written.
    is_new
        Whether this request made it, rather than one before it with the same idempotency key.
    has_key
        Whether the request has an idempotency key: its client asks again if it loses the connection.
    usage
        How far its owner's quota has been used, if it has one.

    """

    job: Job
    is_new: bool
    has_key: bool
    usage: QuotaUsage | None


def new_job_id() -> str:
    """Return an id that cannot be guessed: 122 random bits."""
    return str(uuid.uuid4())


async def submit(  # noqa: PLR0913, PLR0917 - all that makes a job
    http: HttpRequest, services: Services, caller: Caller, kind: JobKind, queue_name: str, job_id: str
) -> Accepted:
    """Accept a job. When this returns, its documents are stored and its record is written: it will end.

    Raises
    ------
    ServiceError
        The form is not as it must be, too many jobs are open, or the owner has created all that it may.
    redis.exceptions.RedisError, obstore.exceptions.BaseError
        It could not be accepted.

    """
    try:
        accepted = await _submit(http, services, caller, kind, queue_name, job_id)
    except ServiceError as error:
        audit.record("submit", error.problem.code, kind=kind.value)
        raise
    outcome = "accepted" if accepted.is_new else "repeated"
    audit.record("submit", outcome, job_id=accepted.job.id, kind=kind.value)
    return accepted


async def _submit(  # noqa: PLR0913, PLR0917 - all that makes a job
    http: HttpRequest, services: Services, caller: Caller, kind: JobKind, queue_name: str, job_id: str
) -> Accepted:
    load = await services.backpressure.load()
    if services.jobs.is_full(load):
        raise await services.backpressure.refusal()
    if caller.quota and "idempotency-key" not in http.headers:  # one that has made its job is answered again
        services.limiter.check_quota(caller.quota, caller.rate)
    with services.upload_memory.upload() as upload:
        form = await _read(http, services, FILES[kind], upload)
        options = read_options(kind, form, http.query_params, services.settings)
        if options.batch and caller.name is None and is_cross_origin(http):
            raise ServiceError("origin_not_allowed", field="batch")  # without keys a batch is everybody's
        to_hash = form.size if "idempotency-key" in http.headers else 0
        key = await run_in_thread(to_hash, idempotency_key, http, caller.name, kind, form, options)
        accepted = await _accept(services, caller, kind, queue_name, job_id, form, options, key)
    if caller.quota and accepted.usage:
        headers.add(http, limit_headers(caller.rate, LimitStatus.of_quota(caller.quota, accepted.usage)))
    return accepted


async def _read(http: HttpRequest, services: Services, names: tuple[str, ...], upload: Upload) -> Form:
    """Read the form, within the time and the memory that uploads may take."""
    settings = services.settings

    async def received(size: int) -> None:
        try:
            await services.upload_memory.charge(upload, size, deadline)
        except MemoryFullError as error:
            raise await services.backpressure.refusal() from error

    try:
        async with asyncio.timeout(settings.upload_timeout) as deadline:
            formats = formats_named(settings.accepted_formats)
            return await read_form(http, names, KNOWN, settings.max_upload_bytes, formats, received)
    except TimeoutError as error:
        raise ServiceError("upload_timeout") from error


async def _accept(  # noqa: PLR0913, PLR0917 - all that makes a job
    services: Services,
    caller: Caller,
    kind: JobKind,
    queue_name: str,
    job_id: str,
    form: Form,
    options: Options,
    key: IdempotencyKey | None,
) -> Accepted:
    inputs = {
        name: await services.blobs.put(blob_path("documents", job_id, name), data) for name, data in form.files.items()
    }
    request = Request(
        kind,
        queue_name,
        inputs,
        threshold=options.threshold,
        false_match_rate=options.false_match_rate,
        portraits=options.portraits,
        pages=options.pages,
        batch=caller.with_owner(options.batch) if options.batch else None,
        reference=options.reference,
        callback=options.callback,
        request_id=correlation_id.get(),
        trace=tracing.current(),
        owner=caller.name,
    )
    # If the answer to this is lost, the record may have been written: then the job needs its documents. If not, the
    # cleaning removes them.
    made = await services.jobs.create(job_id, request, key, caller.quota)
    if made.outcome is not CreateOutcome.CREATED:
        await services.blobs.delete([ref.path for ref in inputs.values()])
    if made.job is not None:
        if made.outcome is CreateOutcome.CREATED:
            log.info("job accepted", job_id=job_id, kind=kind.value, queue=queue_name)
            for data in form.files.values():
                UPLOAD_BYTES.labels(kind).observe(len(data))
            services.publisher.publish_soon(made.job)
        return Accepted(
            made.job, is_new=made.outcome is CreateOutcome.CREATED, has_key=key is not None, usage=made.usage
        )
    if made.outcome is CreateOutcome.QUOTA_EXCEEDED and caller.quota and made.usage:
        raise services.limiter.quota_exceeded(caller.quota, made.usage, caller.rate)
    if made.outcome is CreateOutcome.FULL:
        raise await services.backpressure.refusal()
    raise ServiceError(_REFUSALS[made.outcome])
