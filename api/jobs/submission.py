"""Creates jobs: checks capacity and options, stores the documents, writes the record, publishes the message."""

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from asgi_correlation_id import correlation_id

from api.auth.caller import Caller
from api.jobs.options import SubmissionOptions, idempotency_key, merge_options, read_submission_options
from api.jobs.services import Services
from api.monitoring.metrics import UPLOAD_BYTES
from shared import tracing
from shared.blobs import blob_path
from shared.errors import ServiceError
from shared.job_kinds.declaration import JobKind
from shared.job_kinds.options import Options
from shared.jobs import CreateOutcome, IdempotencyKey, Job, NewJob, QuotaUsage
from shared.logs import get_logger
from shared.threads import run_in_thread

log = get_logger(__name__)

_REFUSALS = {CreateOutcome.CONFLICT: "idempotency_key_reused", CreateOutcome.EXPIRED: "job_expired"}


@dataclass(frozen=True, slots=True)
class Submission:
    """A request for a job, as it was read from HTTP.

    Attributes
    ----------
    job_id, kind, queue
        Id of the job if it is created, its kind, and its queue.
    files
        Documents by form field.
    query, fields
        Options, from the query and from the form.
    idempotency_key
        Value of the header, if there is one.
    may_join_batch
        Whether the request may name a batch.

    """

    job_id: str
    kind: JobKind
    queue: str
    files: Mapping[str, bytes]
    query: Mapping[str, str]
    fields: Mapping[str, str]
    idempotency_key: str | None
    may_join_batch: bool


@dataclass(frozen=True, slots=True)
class Accepted:
    """A job that was accepted.

    Attributes
    ----------
    job
        The job.
    is_new
        Whether this request created it, and not an earlier request with the same idempotency key.
    has_key
        Whether the request has an idempotency key. Its client can then repeat the request after losing the connection.
    usage
        Usage of the owner's quota, if there is one.

    """

    job: Job
    is_new: bool
    has_key: bool
    usage: QuotaUsage | None


@dataclass(frozen=True, slots=True)
class _Options:
    of_kind: Options
    common: SubmissionOptions

    def chosen(self) -> dict[str, Any]:
        """Return the options with a value other than the default."""
        common = self.common.model_dump(exclude_defaults=True, include={"batch", "reference"})
        callback = {"callback": asdict(self.common.callback)} if self.common.callback else {}
        return {**self.of_kind.chosen(), **common, **callback}


def new_job_id() -> str:
    """Return a job id that cannot be guessed: it has 122 random bits."""
    return str(uuid.uuid4())


async def check_capacity(services: Services, caller: Caller, *, has_key: bool) -> None:
    """Refuse a request that would be refused after its upload: too many jobs are open, or the quota is used up.

    A request with an idempotency key does not need quota if its job exists already.

    Raises
    ------
    ServiceError
        ``overloaded`` or ``quota_exceeded``.

    """
    if services.jobs.is_full(await services.backpressure.load()):
        raise await services.backpressure.refusal()
    if caller.quota and not has_key:
        services.limiter.check_quota(caller.quota, caller.rate)


async def create_job(services: Services, caller: Caller, submission: Submission) -> Accepted:
    """Create a job. When this returns, the documents are stored and the record is written, so the job will end.

    Raises
    ------
    ServiceError
        The options are invalid, too many jobs are open, or the quota is used up.
    redis.exceptions.RedisError, obstore.exceptions.BaseError
        Redis or the object store failed.

    """
    options = _read_options(services, submission)
    key = await _key(caller, submission, options)
    inputs = {
        name: await services.blobs.put(blob_path("documents", submission.job_id, name), data)
        for name, data in submission.files.items()
    }
    common = options.common
    new = NewJob(
        submission.kind.name,
        submission.queue,
        inputs,
        options.of_kind,
        batch=caller.with_owner(common.batch) if common.batch else None,
        reference=common.reference,
        callback=common.callback,
        request_id=correlation_id.get(),
        trace=tracing.current(),
        owner=caller.name,
    )
    # If Redis fails here, the record may have been written. The documents stay, since the job needs them. Housekeeping
    # deletes documents without a record.
    created = await services.jobs.create(submission.job_id, new, key, caller.quota)
    if created.outcome is CreateOutcome.CREATED and created.job:
        _publish(services, submission, created.job)
    else:
        await services.blobs.delete([ref.path for ref in inputs.values()])
    if created.job is not None:
        is_new = created.outcome is CreateOutcome.CREATED
        return Accepted(created.job, is_new=is_new, has_key=key is not None, usage=created.usage)
    if created.outcome is CreateOutcome.QUOTA_EXCEEDED and caller.quota and created.usage:
        raise services.limiter.quota_exceeded(caller.quota, created.usage, caller.rate)
    if created.outcome is CreateOutcome.FULL:
        raise await services.backpressure.refusal()
    raise ServiceError(_REFUSALS[created.outcome])


def _read_options(services: Services, submission: Submission) -> _Options:
    given = merge_options(submission.query, submission.fields)
    of_kind = submission.kind.options.read(given)
    common = read_submission_options(given, services.settings.callback_hosts)
    if common.batch and not submission.may_join_batch:
        raise ServiceError("origin_not_allowed", field="batch")
    return _Options(of_kind, common)


async def _key(caller: Caller, submission: Submission, options: _Options) -> IdempotencyKey | None:
    text, files = submission.idempotency_key, submission.files
    if text is None:
        return None
    size = sum(map(len, files.values()))
    return await run_in_thread(size, idempotency_key, text, caller.name, submission.kind, files, options.chosen())


def _publish(services: Services, submission: Submission, job: Job) -> None:
    log.info("job accepted", job_id=job.id, kind=job.kind, queue=submission.queue)
    for data in submission.files.values():
        UPLOAD_BYTES.labels(job.kind).observe(len(data))
    services.publisher.publish_soon(job)
