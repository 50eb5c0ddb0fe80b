"""One job from claim to end: the worker's half of a document's way."""

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
from shared.jobs import Cleanup, Execution, Failure, Job
from shared.logs import get_logger, reason
from shared.schemas import JobKind
from worker import metrics
from worker.memory_limit import limit_memory
from worker.results import comparison_body, extraction_body
from worker.vision import (
    Engine,
    Limits,
    NoFaceError,
    QualityLimits,
    TooComplexError,
    UnmeasuredRateError,
    VisionError,
    compare_faces,
    extract_face,
    timed_stages,
)
from worker.vision.allocator import give_back

log = get_logger(__name__)

_PUT_OFF = "put off"

_POSTPONED = 5.0
"""Seconds until a job is tried again for which the object store failed."""

_LOOKS = 8
"""Times that documents are looked for which are not where they were stored; each pause is twice the one before, so that
a volume has ten minutes to be mounted again."""

PAGE_SIDE = 1280
"""Pixels of a page's longer side where a client asks to see the pages: enough to read the card on it."""

_PATIENCE = timedelta(hours=24)
"""Age of a job at which an object store that fails is no longer waited for."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one message.

    Attributes
    ----------
    outcome
        ``succeeded``, the failure's code, or why nothing has ended.
    ended
        The job as it was when it was started, if it was this attempt that ended it.

    """

    outcome: str
    ended: Job | None = None

    @property
    def postponed(self) -> bool:
        """Whether the object store failed, and the job will be tried again."""
        return self.outcome == _PUT_OFF


class JobRunner:
    """Runs jobs, one at a time.

    Parameters
    ----------
    execution, cleaning, blobs
        The job records, what is to be removed from the object store, and the object store.
    engine
        The loaded vision engine.
    limits, memory, quality_limits
        Bounds on what is read of a document and on the bytes that this may take, and when its portrait carries a
        warning.
    threshold
        Distance of decision of a comparison that names none; the encoder's own if None.

    """

    def __init__(  # noqa: PLR0913 - all that a job needs
        self,
        execution: Execution,
        cleaning: Cleanup,
        blobs: BlobStore,
        engine: Engine,
        *,
        limits: Limits,
        memory: int,
        quality_limits: QualityLimits,
        threshold: float | None,
    ) -> None:
        self._execution = execution
        self._cleaning = cleaning
        self._blobs = blobs
        self._engine = engine
        self._limits = limits
        self._memory = memory
        self._quality_limits = quality_limits
        self._threshold = threshold

    def run(self, job_id: str, holder: str) -> Attempt:
        """Run a job if it is queued; a message too many changes nothing.

        Parameters
        ----------
        job_id
            The job that the message is about.
        holder
            Name of this process, by which the worker's main process may speak for it.

        Raises
        ------
        redis.exceptions.RedisError
            Redis stayed away. The lease runs out and the job is tried again.

        """
        token = f"{holder}.{uuid.uuid4().hex}"
        job = self._execution.claim(job_id, token)
        if job is None:
            return Attempt("not queued")
        metrics.record_wait(job)
        ids = {"request_id": job.request_id, "job_id": job.id}
        context = bound_contextvars(**ids, kind=job.kind.value, attempt=job.attempts)
        attributes: dict[str, str | int] = {
            "job.id": job.id,
            "job.attempt": job.attempts,
            "request.id": job.request_id or "",
        }
        with context, tracing.job_span(job.kind.value, job.trace, attributes):
            attempt = self._attempt(job, token)
            if attempt.ended:
                self._clear(job)
            return attempt

    def _attempt(self, job: Job, token: str) -> Attempt:
        """Do the work, and tell metrics and logs of it."""
        started = time.perf_counter()
        with timed_stages() as stages:
            try:
                ended, outcome = self._settle(job, token)
            except StorageError as error:
                ended, outcome = self._put_off(job, token, error)
            except SoftTimeLimitExceeded:  # while the result was stored
                ended, outcome = self._execution.fail(job, token, Failure("timed_out")), "timed_out"
        seconds = time.perf_counter() - started
        metrics.record_run(job, seconds, stages)
        log.info("job ended" if ended else "job goes on elsewhere", outcome=outcome, seconds=round(seconds, 3))
        return Attempt(outcome, job if ended else None)

    def _settle(self, job: Job, token: str) -> tuple[bool, str]:
        """Do the work and end the job; return whether it was still ours to end, and how it went."""
        try:
            documents = self._documents(job)
        except (InvalidTag, InvalidUnwrap) as error:
            log.error("documents cannot be decrypted", error=type(error).__name__)  # noqa: TRY400 - it says nothing more
            return self._execution.fail(job, token, Failure("internal_error")), "internal_error"
        try:
            with limit_memory(self._memory):
                body = self._answer(job, documents)
        except VisionError as error:
            if isinstance(error, TooComplexError):
                give_back()
            if isinstance(error, NoFaceError):
                metrics.record_no_face()
            # Decoders turn whatever interrupts them into an error of their own.
            late = isinstance(error.__cause__, SoftTimeLimitExceeded) or SoftTimeLimitExceeded.__name__ in str(error)
            failure = Failure("timed_out") if late else Failure(error.code, error.role or "file")
        except SoftTimeLimitExceeded:
            failure = Failure("timed_out")
        except UnmeasuredRateError:
            failure = Failure("unmeasured_rate", "false_match_rate")
        except Exception:
            log.exception("job broke")
            failure = Failure("internal_error")
        else:
            # A path of this attempt's own: an attempt that comes late must not overwrite the result of the next one.
            result = self._blobs.put_now(blob_path("results", job.id, token.rpartition(".")[2]), body)
            ended = self._execution.succeed(job, token, result)
            if not ended:
                self._blobs.delete_now([result.path])
            return ended, "succeeded"
        return self._execution.fail(job, token, failure), failure.code

    def _documents(self, job: Job) -> dict[str, bytes]:
        """Read the documents; that the store takes as long as a job may is its failure, not theirs."""
        try:
            return {field: self._blobs.get_now(ref) for field, ref in job.inputs.items()}
        except SoftTimeLimitExceeded as error:
            raise TimeoutError("the object store took as long as a job may") from error

    def _put_off(self, job: Job, token: str, error: Exception) -> tuple[bool, str]:
        """Give a job back for which the object store failed; that is not the document's fault, so it does not count.

        Documents that are not there are another matter: a volume that is not mounted looks like that, but so does one
        that has lost them.
        """
        gone = isinstance(error, FileNotFoundError)
        assert job.started_at is not None  # noqa: S101 - it was claimed
        hopeless = job.started_at - job.created_at > _PATIENCE
        log.warning("object store failed", error=reason(error))
        if hopeless or (gone and job.attempts >= _LOOKS):
            return self._execution.fail(job, token, Failure("internal_error")), "documents unreadable"
        pause = _POSTPONED * 2 ** (job.attempts - 1) if gone else _POSTPONED
        self._execution.postpone(job, token, pause, counts=gone)
        return False, _PUT_OFF

    def _answer(self, job: Job, documents: dict[str, bytes]) -> bytes:
        match job.kind:
            case JobKind.EXTRACT_FACE:
                extraction = extract_face(
                    documents["file"],
                    limits=self._limits,
                    quality_limits=self._quality_limits,
                    page_side=PAGE_SIDE if job.pages else None,
                    engine=self._engine,
                )
                metrics.record_extraction(extraction)
                return extraction_body(extraction)
            case JobKind.COMPARE_FACES:
                comparison = compare_faces(
                    documents["selfie"],
                    documents["id_photo"],
                    threshold=self._threshold_of(job),
                    portraits=job.portraits,
                    limits=self._limits,
                    quality_limits=self._quality_limits,
                    engine=self._engine,
                )
                metrics.record_comparison(comparison)
                return comparison_body(comparison)

    def _threshold_of(self, job: Job) -> float | None:
        """Return the distance of decision of a comparison: the job's, or else the service's.

        Raises
        ------
        UnmeasuredRateError
            It names a rate at which the encoder was not measured.

        """
        if job.false_match_rate is not None:
            return self._engine.calibration.threshold_at(job.false_match_rate)
        return self._threshold if job.threshold is None else job.threshold

    def _clear(self, job: Job) -> None:
        """Remove the documents at once; the cleaning removes what this misses.

        If Redis failed over to a replica that does not know of the end yet, the job would be run again, and need them.
        """
        if not self._execution.replicated:
            return
        paths = [ref.path for ref in job.inputs.values()]
        try:
            self._blobs.delete_now(paths)
        except StorageError as error:
            log.warning("documents not removed yet", error=reason(error))
            return
        self._cleaning.forget_blobs(paths)
