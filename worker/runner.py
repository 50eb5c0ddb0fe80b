"""One job from claim to end: reads its documents, runs its handler, stores its result."""

import time
import uuid
from dataclasses import dataclass
from datetime import timedelta

from celery.exceptions import SoftTimeLimitExceeded
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap
from structlog.contextvars import bound_contextvars

from shared import tracing
from shared.blobs import BlobStore, StorageError, blob_path
from shared.job_kinds.registry import kind_named
from shared.jobs import Cleanup, Execution, Failure, Job
from shared.logs import get_logger, reason
from worker import metrics
from worker.handlers.handler import HandlerContext, HandlerError
from worker.handlers.registry import HANDLERS
from worker.memory_limit import limit_memory
from worker.vision import NoFaceError, TooComplexError, VisionError, timed_stages
from worker.vision.allocator import release_memory

log = get_logger(__name__)

_POSTPONED = "postponed"

_PAUSE = 5.0
"""Seconds until a job is tried again after the object store failed."""

_MAX_READS = 8
"""Maximum attempts to load a document that is missing from storage. Each pause is twice as long as the one before, so a
volume can be mounted again within ten minutes."""

_MAX_AGE = timedelta(hours=24)
"""Age of a job after which a failure of the object store ends it."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The outcome of one message.

    Attributes
    ----------
    outcome
        ``succeeded``, the error code of the failure, or why the job has not ended.
    ended
        The job as it was claimed, if this attempt ended it.

    """

    outcome: str
    ended: Job | None = None

    @property
    def postponed(self) -> bool:
        """Whether the object store failed, so that the job will be tried again."""
        return self.outcome == _POSTPONED


class JobRunner:
    """Runs jobs, one at a time.

    Parameters
    ----------
    execution, cleanup, blobs
        Job records, the list of documents to delete, and the object store.
    context
        What handlers work with.
    memory
        Bytes that a handler may allocate.

    """

    def __init__(
        self, execution: Execution, cleanup: Cleanup, blobs: BlobStore, context: HandlerContext, *, memory: int
    ) -> None:
        self._execution = execution
        self._cleanup = cleanup
        self._blobs = blobs
        self._context = context
        self._memory = memory

    def run(self, job_id: str, holder: str) -> Attempt:
        """Run a job if it is queued. A duplicate message changes nothing.

        Parameters
        ----------
        job_id
            The job of the message.
        holder
            Name of this process. With it, the worker's main process can release the job if this process dies.

        Raises
        ------
        redis.exceptions.RedisError
            Redis did not answer. The lease expires, and the job is tried again.

        """
        token = f"{holder}.{uuid.uuid4().hex}"
        job = self._execution.claim(job_id, token)
        if job is None:
            return Attempt("not queued")
        metrics.record_wait(job)
        ids = {"request_id": job.request_id, "job_id": job.id}
        context = bound_contextvars(**ids, kind=job.kind, attempt=job.attempts)
        attributes: dict[str, str | int] = {
            "job.id": job.id,
            "job.attempt": job.attempts,
            "request.id": job.request_id or "",
        }
        with context, tracing.job_span(job.kind, job.trace, attributes):
            attempt = self._attempt(job, token)
            if attempt.ended:
                self._delete_documents(job)
            return attempt

    def _attempt(self, job: Job, token: str) -> Attempt:
        """Run the job, and record metrics and a log line."""
        started = time.perf_counter()
        with timed_stages() as stages:
            try:
                ended, outcome = self._finish(job, token)
            except StorageError as error:
                ended, outcome = self._postpone(job, token, error)
            except SoftTimeLimitExceeded:  # while the result was stored
                ended, outcome = self._execution.fail(job, token, Failure("timed_out")), "timed_out"
        seconds = time.perf_counter() - started
        metrics.record_run(job, seconds, stages)
        log.info("job ended" if ended else "job continues elsewhere", outcome=outcome, seconds=round(seconds, 3))
        return Attempt(outcome, job if ended else None)

    def _finish(self, job: Job, token: str) -> tuple[bool, str]:
        """Run the job and end it; return whether this attempt still held it, and the outcome."""
        try:
            documents = self._read_documents(job)
        except (InvalidTag, InvalidUnwrap) as error:
            log.error("documents cannot be decrypted", error=type(error).__name__)  # noqa: TRY400 - no details exist
            return self._execution.fail(job, token, Failure("internal_error")), "internal_error"
        result = self._result(job, documents)
        if isinstance(result, Failure):
            return self._execution.fail(job, token, result), result.code
        # The path is unique for this attempt: a late attempt must not overwrite the result of the next one.
        stored = self._blobs.put_now(blob_path("results", job.id, token.rpartition(".")[2]), result)
        ended = self._execution.succeed(job, token, stored)
        if not ended:
            self._blobs.delete_now([stored.path])
        return ended, "succeeded"

    def _result(self, job: Job, documents: dict[str, bytes]) -> bytes | Failure:
        """Return the result of the handler as JSON, or the reason of its failure."""
        try:
            kind = kind_named(job.kind)
            with limit_memory(self._memory):
                result = HANDLERS[kind.name](documents, job.options, self._context)
                return kind.result.model_validate(result).model_dump_json().encode()
        except VisionError as error:
            if isinstance(error, TooComplexError):
                release_memory()
            if isinstance(error, NoFaceError):
                metrics.record_no_face()
            # Decoders turn whatever interrupts them into an error of their own.
            late = isinstance(error.__cause__, SoftTimeLimitExceeded) or SoftTimeLimitExceeded.__name__ in str(error)
            return Failure("timed_out") if late else Failure(error.code, error.role or kind.input_names[0])
        except HandlerError as error:
            return Failure(error.code, error.field)
        except SoftTimeLimitExceeded:
            return Failure("timed_out")
        except Exception:
            log.exception("job broke")
            return Failure("internal_error")

    def _read_documents(self, job: Job) -> dict[str, bytes]:
        """Read the documents. If that takes as long as a job may, the object store failed, not the document."""
        try:
            return {field: self._blobs.get_now(ref) for field, ref in job.inputs.items()}
        except SoftTimeLimitExceeded as error:
            raise TimeoutError("the object store took as long as a job may") from error

    def _postpone(self, job: Job, token: str, error: Exception) -> tuple[bool, str]:
        """Return a job to the queue after the object store failed. The attempt does not count.

        Attempts count if documents are missing: a volume may not be mounted, or may have lost them.
        """
        missing = isinstance(error, FileNotFoundError)
        assert job.started_at is not None  # noqa: S101 - it was claimed
        expired = job.started_at - job.created_at > _MAX_AGE
        log.warning("object store failed", error=reason(error))
        if expired or (missing and job.attempts >= _MAX_READS):
            ended = self._execution.fail(job, token, Failure("internal_error"))
            return ended, "documents missing" if missing else "object store failed"
        pause = _PAUSE * 2 ** (job.attempts - 1) if missing else _PAUSE
        self._execution.postpone(job, token, pause, counts=missing)
        return False, _POSTPONED

    def _delete_documents(self, job: Job) -> None:
        """Delete the documents of an ended job. Housekeeping deletes those that remain.

        If Redis failed over to a replica without the end of the job, the job would run again and need its documents.
        """
        if not self._execution.replicated:
            return
        paths = [ref.path for ref in job.inputs.values()]
        try:
            self._blobs.delete_now(paths)
        except StorageError as error:
            log.warning("documents not deleted yet", error=reason(error))
            return
        self._cleanup.forget_blobs(paths)
