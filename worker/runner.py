"""One job from claim to end: the worker's half of a document's way."""

import uuid

from celery.exceptions import SoftTimeLimitExceeded
from structlog.contextvars import bound_contextvars

from shared.blobs import BlobStore
from shared.jobs import Execution, Failure, Job
from shared.logs import get_logger
from shared.schemas import JobKind
from worker.answers import comparison_body, extraction_body
from worker.lease import LeaseKeeper
from worker.vision import Engine, Limits, QualityLimits, VisionError, compare_faces, extract_face

log = get_logger(__name__)


class JobRunner:
    """Runs jobs, one at a time.

    Parameters
    ----------
    execution, blobs
        The job records and the document bytes.
    engine
        The loaded vision engine.
    limits, quality_limits
        Bounds on what is read of a document, and when its portrait carries a warning.
    threshold
        Distance of decision of a comparison that names none; the encoder's own if None.

    """

    def __init__(  # noqa: PLR0913 - all that a job needs
        self,
        execution: Execution,
        blobs: BlobStore,
        engine: Engine,
        *,
        limits: Limits,
        quality_limits: QualityLimits,
        threshold: float | None,
    ) -> None:
        self._execution = execution
        self._blobs = blobs
        self._engine = engine
        self._limits = limits
        self._quality_limits = quality_limits
        self._threshold = threshold

    def run(self, job_id: str) -> None:
        """Run a job if it waits; a message that came twice, or too late, changes nothing.

        Raises
        ------
        redis.exceptions.RedisError, obstore.exceptions.BaseError
            Redis or the object store stayed away. The lease runs out and the job is tried again.

        """
        token = uuid.uuid4().hex
        job = self._execution.claim(job_id, token)
        if job is None:
            return
        with bound_contextvars(job_id=job.id, kind=job.kind.value, attempt=job.attempts):
            with LeaseKeeper(self._execution, job.id, token):
                ended, outcome = self._settle(job, token)
            self._clear(job)
            log.info("job ended" if ended else "job was no longer ours", outcome=outcome)

    def _settle(self, job: Job, token: str) -> tuple[bool, str]:
        """Do the work and end the job; return whether it was still ours to end, and how it went."""
        try:
            documents = {field: self._blobs.get_now(ref) for field, ref in job.inputs.items()}
        except FileNotFoundError:
            log.error("documents are gone", inputs=list(job.inputs))  # noqa: TRY400 - the path says nothing more
            return self._execution.fail(job.id, token, Failure("internal_error")), "documents gone"
        try:
            body = self._answer(job, documents)
        except VisionError as error:
            failure = Failure(error.code, error.role or "file")
        except SoftTimeLimitExceeded:
            failure = Failure("timed_out")
        except Exception:
            log.exception("job broke")
            failure = Failure("internal_error")
        else:
            # A path of this attempt's own: an attempt that comes late must not overwrite the result of the next one.
            result = self._blobs.put_now(f"results/{job.id}/{token}", body)
            ended = self._execution.succeed(job.id, token, result)
            if not ended:
                self._blobs.delete_now([result.path])
            return ended, "succeeded"
        return self._execution.fail(job.id, token, failure), failure.code

    def _answer(self, job: Job, documents: dict[str, bytes]) -> bytes:
        match job.kind:
            case JobKind.EXTRACT_FACE:
                extraction = extract_face(
                    documents["file"],
                    limits=self._limits,
                    quality_limits=self._quality_limits,
                    engine=self._engine,
                )
                return extraction_body(extraction)
            case JobKind.COMPARE_FACES:
                comparison = compare_faces(
                    documents["selfie"],
                    documents["id_photo"],
                    threshold=self._threshold if job.threshold is None else job.threshold,
                    limits=self._limits,
                    engine=self._engine,
                )
                return comparison_body(comparison)

    def _clear(self, job: Job) -> None:
        """Remove the documents at once; the sweep removes what this misses."""
        paths = [ref.path for ref in job.inputs.values()]
        self._blobs.delete_now(paths)
        self._execution.forget_blobs(paths)
