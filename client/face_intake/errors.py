"""What can go wrong, one class for each of the service's codes, in four families.

Catch a class to act on one failure, a family to act on its kind, :class:`FaceIntakeError` for all.
"""

from typing import ClassVar

import httpx
from pydantic import BaseModel, ValidationError


class FaceIntakeError(Exception):
    """Anything that this package raises on purpose."""


class UnreachableError(FaceIntakeError):
    """The service could not be reached, or broke off, however often it was tried."""


class UnfinishedError(FaceIntakeError):
    """A result was asked of a job that has not ended."""


class Problem(BaseModel):
    """The service's words for a failure (RFC 9457)."""

    code: str
    detail: str
    title: str = ""
    status: int = 0
    field: str | None = None
    request_id: str | None = None


class ApiError(FaceIntakeError):
    """The service's answer was a failure.

    Attributes
    ----------
    problem
        Its code, its words, and the form field at fault where there is one.
    retry_after
        Seconds to stay away, where it said so.

    """

    code: ClassVar[str] = ""
    _classes: ClassVar[dict[str, type["ApiError"]]] = {}

    def __init_subclass__(cls, *, code: str = "") -> None:
        super().__init_subclass__()
        if code:
            cls.code = code
            cls._classes[code] = cls

    def __init__(self, problem: Problem, retry_after: float | None = None) -> None:
        super().__init__(f"{problem.code}: {problem.detail}")
        self.problem = problem
        self.retry_after = retry_after

    @classmethod
    def of(cls, problem: Problem, retry_after: float | None = None) -> "ApiError":
        """Return the error of a problem; one of a code that this version does not know is an :class:`ApiError`."""
        return cls._classes.get(problem.code, ApiError)(problem, retry_after)

    @classmethod
    def of_response(cls, response: httpx.Response) -> "ApiError":
        """Return the error that an answer is; a proxy's own page counts as :class:`UnavailableError`."""
        try:
            problem = Problem.model_validate_json(response.content)
        except ValidationError:
            words = f"The service answered {response.status_code} without a problem document."
            problem = Problem(code="unavailable", status=response.status_code, detail=words)
        seconds = response.headers.get("retry-after", "")
        return cls.of(problem, float(seconds) if seconds.isdigit() else None)


class RequestError(ApiError):
    """The request is not as it must be, or not allowed: sending it again changes nothing."""


class DocumentError(ApiError):
    """The document cannot be used: ask its owner for another."""


class JobError(ApiError):
    """The job, or the batch, is not there to be asked."""


class ServiceError(ApiError):
    """The service is at fault or at its limit: the same request may succeed later."""


class InvalidRequestError(RequestError, code="invalid_request"):
    """The request is not as it is described."""


class UnauthorizedError(RequestError, code="unauthorized"):
    """An API key is needed, and there was none, or not a valid one."""


class KeyExpiredError(RequestError, code="key_expired"):
    """The API key has expired."""


class KeyNotYetValidError(RequestError, code="key_not_yet_valid"):
    """The API key does not count yet."""


class ForbiddenError(RequestError, code="forbidden"):
    """The API key may not be used for this."""


class HostNotAllowedError(RequestError, code="host_not_allowed"):
    """The service does not answer to the host name in its address: its ``ALLOWED_HOSTS`` does not have it."""


class OriginNotAllowedError(RequestError, code="origin_not_allowed"):
    """The request came from a web page whose origin the service's ``CORS_ORIGINS`` does not have."""


class MissingFileError(RequestError, code="missing_file"):
    """No file came with the request."""


class UnknownFieldError(RequestError, code="unknown_field"):
    """No field of the form has this name (``problem.field``): check its spelling, and the service's version."""


class InvalidBatchError(RequestError, code="invalid_batch"):
    """A batch may not have this name."""


class InvalidReferenceError(RequestError, code="invalid_reference"):
    """A reference is too long, or not printable."""


class InvalidCallbackError(RequestError, code="invalid_callback"):
    """The callback's address is not allowed."""


class InvalidIdempotencyKeyError(RequestError, code="invalid_idempotency_key"):
    """An idempotency key is no such key."""


class IdempotencyKeyReusedError(RequestError, code="idempotency_key_reused"):
    """The idempotency key came with another request before."""


class InvalidThresholdError(RequestError, code="invalid_threshold"):
    """The threshold is not a number from 0 to 2."""


class InvalidFalseMatchRateError(RequestError, code="invalid_false_match_rate"):
    """The false match rate is not a number between 0 and 1, or was sent together with a threshold."""


class UnmeasuredRateError(RequestError, code="unmeasured_rate"):
    """The service's encoder was not measured at this false match rate: ask for 0.00001 to 0.1, or send a threshold."""


class NotFoundError(RequestError, code="not_found"):
    """There is nothing at this address; it may be another service's."""


class MethodNotAllowedError(RequestError, code="method_not_allowed"):
    """The address does not take this method."""


class EmptyFileError(DocumentError, code="empty_file"):
    """The file has no bytes."""


class FileTooLargeError(DocumentError, code="file_too_large"):
    """The file is larger than the service takes."""


class UnsupportedFormatError(DocumentError, code="unsupported_format"):
    """The file has no format that the service accepts; ``problem.detail`` names what it is and what to send."""


class UnreadableImageError(DocumentError, code="unreadable_image"):
    """The picture is damaged or cut off."""


class ImageTooLargeError(DocumentError, code="image_too_large"):
    """The picture has too many pixels."""


class DocumentTooComplexError(DocumentError, code="document_too_complex"):
    """Reading the document would take too much memory."""


class UnreadablePdfError(DocumentError, code="unreadable_pdf"):
    """The PDF is damaged."""


class EncryptedPdfError(DocumentError, code="encrypted_pdf"):
    """The PDF is protected by a password."""


class EmptyPdfError(DocumentError, code="empty_pdf"):
    """The PDF has no pages."""


class PdfAttachmentsError(DocumentError, code="pdf_attachments"):
    """The PDF carries the document as an attachment."""


class PdfFormError(DocumentError, code="pdf_form"):
    """The PDF is an interactive form (XFA) that only Adobe Reader shows."""


class PdfLayersError(DocumentError, code="pdf_layers"):
    """The PDF shows or hides parts by conditions that the service does not follow."""


class NoFaceError(DocumentError, code="no_face"):
    """No page shows a face."""


class PortraitBeyondPageLimitError(DocumentError, code="portrait_beyond_page_limit"):
    """No page that is read shows a face, and the document has more pages than are read."""


class TimedOutError(DocumentError, code="timed_out"):
    """The document took too long to read."""


class WorkerCrashedError(DocumentError, code="worker_crashed"):
    """The document ended every worker that tried it."""


class JobNotFoundError(JobError, code="job_not_found"):
    """There is no such job, or its result has expired."""


class BatchNotFoundError(JobError, code="batch_not_found"):
    """There is no such batch, or it has expired."""


class JobExpiredError(JobError, code="job_expired"):
    """The job of this idempotency key has expired."""


class CancelledError(JobError, code="cancelled"):
    """The job was cancelled."""


class UploadTimeoutError(ServiceError, code="upload_timeout"):
    """The upload took too long."""


class RateLimitedError(ServiceError, code="rate_limited"):
    """The API key asks too often."""


class QuotaExceededError(ServiceError, code="quota_exceeded"):
    """The API key has handed in all that it may for now."""


class OverloadedError(ServiceError, code="overloaded"):
    """Too many jobs are open."""


class UnavailableError(ServiceError, code="unavailable"):
    """The service cannot take work right now."""


class WaitTimeoutError(ServiceError, code="wait_timeout"):
    """The work goes on, longer than a request may wait: submit and wait instead."""


class InternalError(ServiceError, code="internal_error"):
    """Something is wrong with the service; ``problem.request_id`` is what its logs call the request."""
