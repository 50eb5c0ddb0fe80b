"""All errors of the service: code, HTTP status, title and detail.

Programs use ``code``, which never changes. ``detail`` tells a person what is wrong and what to do next.
"""

from dataclasses import dataclass, replace
from typing import Final

from shared.formats import FORMATS, not_attached, unrecognised


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as clients see it (RFC 9457)."""

    code: str
    status: int
    title: str
    detail: str


class ServiceError(Exception):
    """An error that becomes a problem document in the response.

    Parameters
    ----------
    code
        Code of an entry in :data:`PROBLEMS`.
    field
        Form field or query parameter that caused the error.
    detail
        More specific text in place of the default one.
    headers
        HTTP headers of the response.

    """

    def __init__(
        self, code: str, *, field: str | None = None, detail: str | None = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(code)
        self.problem = PROBLEMS[code] if detail is None else replace(PROBLEMS[code], detail=detail)
        self.field = field
        self.headers = headers or {}


class SetupError(Exception):
    """The service cannot start with its settings. The message explains the reason in one line."""


_ALL = (
    # The request
    Problem(
        "invalid_request",
        400,
        "Invalid request",
        "The request is not valid. See /docs for the fields and their values.",
    ),
    Problem(
        "unauthorized",
        401,
        "API key required",
        "Send a valid API key, as Authorization: Bearer KEY or as X-API-Key: KEY.",
    ),
    Problem("key_expired", 401, "API key expired", "This API key has expired. Ask the operator for a new one."),
    Problem(
        "key_not_yet_valid",
        401,
        "API key not yet valid",
        "This API key is not valid yet. Ask the operator for its start date.",
    ),
    Problem(
        "forbidden",
        403,
        "Not allowed",
        "This API key does not have the required scope. Ask the operator for a key that has it.",
    ),
    Problem(
        "host_not_allowed",
        400,
        "Host not allowed",
        "This host name is not allowed. The operator can add it to the setting ALLOWED_HOSTS.",
    ),
    Problem(
        "origin_not_allowed",
        403,
        "Origin not allowed",
        "Web pages of this origin cannot send this request. The operator can add it to the setting CORS_ORIGINS.",
    ),
    Problem(
        "rate_limited",
        429,
        "Too many requests",
        "This API key has sent too many requests. Try again after the time in Retry-After.",
    ),
    Problem(
        "quota_exceeded",
        429,
        "Quota exceeded",
        "This API key has used up its job quota. Try again after the time in Retry-After.",
    ),
    Problem("missing_file", 400, "File missing", not_attached(FORMATS)),
    Problem(
        "unknown_field",
        400,
        "Unknown field",
        "There is no form field or query parameter with this name. Check its spelling in /docs, or leave it out.",
    ),
    Problem("empty_file", 400, "File empty", "The file is empty. Choose the document again and send it again."),
    Problem("file_too_large", 400, "File too large", "The file is too large. Send a smaller scan or photo."),
    Problem("unsupported_format", 400, "Format not supported", unrecognised(FORMATS)),
    Problem(
        "invalid_batch",
        400,
        "Invalid batch name",
        "The batch name is not valid. Use 1 to 64 letters, digits, dots, hyphens or underscores.",
    ),
    Problem(
        "invalid_reference",
        400,
        "Invalid reference",
        "The reference is not valid. Use 1 to 255 printable characters.",
    ),
    Problem(
        "invalid_callback",
        400,
        "Callback not allowed",
        "Use an https URL on an allowed host as callback_url, and true or false as callback_image.",
    ),
    Problem(
        "invalid_idempotency_key",
        400,
        "Invalid Idempotency-Key",
        "The Idempotency-Key is not valid. Use one string of 1 to 255 visible characters.",
    ),
    Problem(
        "idempotency_key_reused",
        422,
        "Idempotency-Key already used",
        "This Idempotency-Key was used with a different request. Use a new key for each request.",
    ),
    Problem("upload_timeout", 400, "Upload too slow", "The upload took too long. Try again with a faster connection."),
    Problem("invalid_threshold", 400, "Invalid threshold", "The threshold is not valid. Use a number from 0 to 2."),
    Problem(
        "invalid_false_match_rate",
        400,
        "Invalid false match rate",
        "Use a number between 0 and 1 as false_match_rate. Send either a false_match_rate or a threshold, not both.",
    ),
    Problem(
        "unmeasured_rate",
        400,
        "False match rate not measured",
        "This false_match_rate was not measured. Use another rate, or a threshold.",
    ),
    # The document
    Problem(
        "unreadable_image", 400, "Picture unreadable", "The picture is damaged or incomplete. Take or save it again."
    ),
    Problem(
        "image_too_large", 400, "Picture too large", "The picture has too many pixels. Send it at a lower resolution."
    ),
    Problem(
        "document_too_complex",
        400,
        "Document too complex",
        "The document needs too much memory or time. Send it as a simple picture, such as a photo.",
    ),
    Problem("unreadable_pdf", 400, "PDF unreadable", "The PDF is damaged. Save or scan the document again."),
    Problem("encrypted_pdf", 400, "PDF protected", "The PDF is protected by a password. Send it without a password."),
    Problem("empty_pdf", 400, "PDF empty", "The PDF has no pages. Scan the document again."),
    Problem(
        "pdf_attachments",
        400,
        "PDF with attachments",
        "The document is an attachment inside the PDF. Open the PDF and send the attached document.",
    ),
    Problem(
        "pdf_layers",
        400,
        "PDF with conditional layers",
        "This service cannot read the layers of this PDF. Print it to a new PDF and send that.",
    ),
    Problem(
        "pdf_form",
        400,
        "PDF form",
        "Only Adobe Reader can show this interactive PDF form (XFA). Print it to a new PDF, or send a photo.",
    ),
    Problem(
        "no_face",
        404,
        "No face found",
        "No face was found. Send a sharp, well-lit picture of the side with the photo.",
    ),
    Problem(
        "portrait_beyond_page_limit",
        404,
        "No face on the first pages",
        "No face was found on the pages that the service reads. Send only the page with the photo.",
    ),
    # The job
    Problem("job_not_found", 404, "Job not found", "No job has this id, or it has expired. Submit the document again."),
    Problem(
        "batch_not_found", 404, "Batch not found", "No batch has this name, or it has expired. Check the batch name."
    ),
    Problem(
        "job_expired",
        410,
        "Job expired",
        "The job of this Idempotency-Key has expired. Submit the document again with a new key.",
    ),
    Problem("cancelled", 410, "Job cancelled", "The job was cancelled. To process the document, submit it again."),
    Problem(
        "wait_timeout",
        504,
        "Still processing",
        "The job has not ended yet. Get its result later from the URL in Location.",
    ),
    Problem(
        "timed_out",
        400,
        "Took too long",
        "Processing the document took too long. Send it as a simple picture, such as a photo.",
    ),
    Problem(
        "worker_crashed",
        400,
        "Processing failed",
        "The document could not be processed. Send it in another format.",
    ),
    # The service
    Problem("not_found", 404, "Not found", "Nothing exists at this URL. See /docs for the endpoints."),
    Problem(
        "method_not_allowed",
        405,
        "Method not allowed",
        "This URL does not support this method. See /docs for the endpoints.",
    ),
    Problem("unavailable", 503, "Service unavailable", "The service is temporarily unavailable. Try again shortly."),
    Problem("overloaded", 503, "Too many jobs", "The service is busy. Try again after the time in Retry-After."),
    Problem("internal_error", 500, "Internal error", "An error occurred in the service. Try again later."),
)

PROBLEMS: Final[dict[str, Problem]] = {problem.code: problem for problem in _ALL}
