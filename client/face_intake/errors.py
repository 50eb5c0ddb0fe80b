"""Exceptions: one class for each error code of the service, in four families.

Catch a class to handle one error, a family to handle one kind of error, or :class:`FaceIntakeError` to handle all.
"""

from typing import ClassVar

import httpx
from pydantic import BaseModel, ValidationError


class FaceIntakeError(Exception):
    """Base class of all exceptions of this package."""


class UnreachableError(FaceIntakeError):
    """The service could not be reached, or the connection broke, even after retries."""


class UnfinishedError(FaceIntakeError):
    """The job has no result yet because it has not ended."""


class Problem(BaseModel):
    """An error response of the service (RFC 9457)."""

    code: str
    detail: str
    title: str = ""
    status: int = 0
    field: str | None = None
    request_id: str | None = None


class ApiError(FaceIntakeError):
    """The service responded with an error.

    Attributes
    ----------
    problem
        Its code, its description, and the form field that caused it, if any.
    retry_after
        Seconds to wait before the next attempt, if the response contains them.

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
        """Return the exception for a problem. An unknown code gives an :class:`ApiError`."""
        return cls._classes.get(problem.code, ApiError)(problem, retry_after)

    @classmethod
    def of_response(cls, response: httpx.Response) -> "ApiError":
        """Return the exception for an error response. An error page of a proxy gives an :class:`UnavailableError`."""
        try:
            problem = Problem.model_validate_json(response.content)
        except ValidationError:
            detail = f"The service responded with {response.status_code} without a problem document."
            problem = Problem(code="unavailable", status=response.status_code, detail=detail)
        seconds = response.headers.get("retry-after", "")
        return cls.of(problem, float(seconds) if seconds.isdigit() else None)


class RequestError(ApiError):
    """The request is invalid or not allowed. Sending it again gives the same error."""


class DocumentError(ApiError):
    """The document cannot be used. Ask its owner for another one."""


class JobError(ApiError):
    """The job or the batch does not exist, has expired or was cancelled."""


class ServiceError(ApiError):
    """The service failed or is overloaded. The same request may succeed later."""


class InvalidRequestError(RequestError, code="invalid_request"):
    """The request does not match the API description."""


class UnauthorizedError(RequestError, code="unauthorized"):
    """The API key is missing or invalid."""


class KeyExpiredError(RequestError, code="key_expired"):
    """The API key has expired."""


class KeyNotYetValidError(RequestError, code="key_not_yet_valid"):
    """The API key is not valid yet."""


class ForbiddenError(RequestError, code="forbidden"):
    """The API key does not have the scope for this request."""


class HostNotAllowedError(RequestError, code="host_not_allowed"):
    """The host name in the URL is not in the service's ``ALLOWED_HOSTS``."""


class OriginNotAllowedError(RequestError, code="origin_not_allowed"):
    """The origin of the web page that sent the request is not in the service's ``CORS_ORIGINS``."""


class MissingFileError(RequestError, code="missing_file"):
    """The request contains no file."""


class UnknownFieldError(RequestError, code="unknown_field"):
    """The form has no field with this name (``problem.field``). Check its spelling and the version of the service."""


class InvalidBatchError(RequestError, code="invalid_batch"):
    """The batch name is not allowed."""


class InvalidReferenceError(RequestError, code="invalid_reference"):
    """The reference is too long or contains unprintable characters."""


class InvalidCallbackError(RequestError, code="invalid_callback"):
    """The callback URL is not allowed."""


class InvalidIdempotencyKeyError(RequestError, code="invalid_idempotency_key"):
    """The idempotency key is malformed."""


class IdempotencyKeyReusedError(RequestError, code="idempotency_key_reused"):
    """The idempotency key was used with a different request before."""


class InvalidThresholdError(RequestError, code="invalid_threshold"):
    """The threshold is not a number from 0 to 2."""


class InvalidFalseMatchRateError(RequestError, code="invalid_false_match_rate"):
    """The false match rate is not a number between 0 and 1, or was sent together with a threshold."""


class UnmeasuredRateError(RequestError, code="unmeasured_rate"):
    """The encoder was not measured at this false match rate. Use a rate from 0.00001 to 0.1, or a threshold."""


class NotFoundError(RequestError, code="not_found"):
    """Nothing exists at this URL. It may belong to another service."""


class MethodNotAllowedError(RequestError, code="method_not_allowed"):
    """The URL does not support this method."""


class EmptyFileError(DocumentError, code="empty_file"):
    """The file is empty."""


class FileTooLargeError(DocumentError, code="file_too_large"):
    """The file is larger than the service accepts."""


class UnsupportedFormatError(DocumentError, code="unsupported_format"):
    """The file has an unsupported format. ``problem.detail`` names the format and says what to send instead."""


class UnreadableImageError(DocumentError, code="unreadable_image"):
    """The picture is damaged or incomplete."""


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
    """The PDF contains the document as an attachment."""


class PdfFormError(DocumentError, code="pdf_form"):
    """The PDF is an interactive form (XFA) that only Adobe Reader can show."""


class PdfLayersError(DocumentError, code="pdf_layers"):
    """The PDF shows or hides parts by conditions that the service does not support."""


class NoFaceError(DocumentError, code="no_face"):
    """No page shows a face."""


class PortraitBeyondPageLimitError(DocumentError, code="portrait_beyond_page_limit"):
    """No page up to the page limit shows a face, and the document has more pages."""


class TimedOutError(DocumentError, code="timed_out"):
    """Processing the document took too long."""


class WorkerCrashedError(DocumentError, code="worker_crashed"):
    """Every worker that processed the document crashed."""


class JobNotFoundError(JobError, code="job_not_found"):
    """No job has this id, or it has expired."""


class BatchNotFoundError(JobError, code="batch_not_found"):
    """No batch has this name, or it has expired."""


class JobExpiredError(JobError, code="job_expired"):
    """The job of this idempotency key has expired."""


class CancelledError(JobError, code="cancelled"):
    """The job was cancelled."""


class UploadTimeoutError(ServiceError, code="upload_timeout"):
    """The upload took too long."""


class RateLimitedError(ServiceError, code="rate_limited"):
    """The API key has reached its rate limit."""


class QuotaExceededError(ServiceError, code="quota_exceeded"):
    """The API key has used up its quota."""


class OverloadedError(ServiceError, code="overloaded"):
    """The service has too many open jobs."""


class UnavailableError(ServiceError, code="unavailable"):
    """The service cannot accept jobs now."""


class WaitTimeoutError(ServiceError, code="wait_timeout"):
    """The job takes longer than a request may wait, and continues. Use ``submit`` and ``wait`` instead."""


class InternalError(ServiceError, code="internal_error"):
    """The service has an internal error. ``problem.request_id`` identifies the request in its logs."""
