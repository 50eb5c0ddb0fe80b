"""Every failure, with its code, its status and its words, once.

``code`` is what programs go by and does not change. ``detail`` is one sentence that tells an applicant what to do.
"""

from dataclasses import dataclass, replace
from typing import Final

from shared.formats import FORMATS, not_attached, unrecognised


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of failure as clients see it (RFC 9457)."""

    code: str
    status: int
    title: str
    detail: str


class ServiceError(Exception):
    """A failure to be answered with a problem document.

    Parameters
    ----------
    code
        One of :data:`PROBLEMS`.
    field
        The form field at fault, where there is one.
    detail
        The sentence for people, where more is known than the problem's own says.
    headers
        HTTP headers that go with the answer.

    """

    def __init__(
        self, code: str, *, field: str | None = None, detail: str | None = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(code)
        self.problem = PROBLEMS[code] if detail is None else replace(PROBLEMS[code], detail=detail)
        self.field = field
        self.headers = headers or {}


class SetupError(Exception):
    """The service cannot start as it is set up: one line that says why."""


_ALL = (
    # The request
    Problem(
        "invalid_request", 400, "Invalid request", "The request is not as the documentation at /docs describes it."
    ),
    Problem("unauthorized", 401, "API key needed", "Send a valid API key as Authorization: Bearer, or as X-API-Key."),
    Problem("key_expired", 401, "API key expired", "This API key has expired; ask the operator for a new one."),
    Problem(
        "key_not_yet_valid", 401, "API key not yet valid", "This API key is not valid yet; ask the operator from when."
    ),
    Problem("forbidden", 403, "Not allowed", "This API key may not be used for this; ask for one that may."),
    Problem(
        "host_not_allowed",
        400,
        "Host not allowed",
        "This service does not answer to this host name; its operator can add the name to the setting ALLOWED_HOSTS.",
    ),
    Problem(
        "origin_not_allowed",
        403,
        "Origin not allowed",
        "Web pages of this origin may not ask for this; the operator can add it to the setting CORS_ORIGINS.",
    ),
    Problem("rate_limited", 429, "Too many requests", "This API key asks too often; try again after Retry-After."),
    Problem(
        "quota_exceeded", 429, "Quota used up", "This API key has handed in all it may; try again after Retry-After."
    ),
    Problem("missing_file", 400, "File missing", not_attached(FORMATS)),
    Problem(
        "unknown_field",
        400,
        "Unknown field",
        "No form field or query parameter has this name here; check its spelling against /docs, or leave it out.",
    ),
    Problem("empty_file", 400, "File empty", "The file is empty; choose the document again and send it once more."),
    Problem("file_too_large", 400, "File too large", "The file is larger than allowed; send a smaller scan or photo."),
    Problem("unsupported_format", 400, "Format not supported", unrecognised(FORMATS)),
    Problem(
        "invalid_batch",
        400,
        "Invalid batch",
        "A batch's name is 1 to 64 letters, digits, dots, hyphens, underscores.",
    ),
    Problem("invalid_reference", 400, "Invalid reference", "A reference is 1 to 255 printable characters."),
    Problem(
        "invalid_callback",
        400,
        "Callback not allowed",
        "The callback_url must be an https address on a host that this service may call, callback_image true or false.",
    ),
    Problem(
        "invalid_idempotency_key",
        400,
        "Invalid Idempotency-Key",
        "The Idempotency-Key must be one string of 1 to 255 visible characters.",
    ),
    Problem(
        "idempotency_key_reused",
        422,
        "Idempotency-Key already used",
        "This Idempotency-Key came with another request before; use a new one for each request.",
    ),
    Problem("upload_timeout", 400, "Upload too slow", "The upload took too long; send it on a better connection."),
    Problem("invalid_threshold", 400, "Invalid threshold", "The threshold must be a number from 0 to 2."),
    Problem(
        "invalid_false_match_rate",
        400,
        "Invalid false match rate",
        "The false_match_rate must be a number between 0 and 1, and replaces the threshold: send one, not both.",
    ),
    Problem(
        "unmeasured_rate",
        400,
        "False match rate not measured",
        "The encoder of this service was not measured at this false_match_rate; name another, or a threshold.",
    ),
    # The document
    Problem("unreadable_image", 400, "Picture unreadable", "The picture is damaged or cut off; take or save it again."),
    Problem(
        "image_too_large", 400, "Picture too large", "The picture has too many pixels; send it at a lower resolution."
    ),
    Problem(
        "document_too_complex",
        400,
        "Document too complex",
        "Reading the document takes too much; send it as a plain picture.",
    ),
    Problem("unreadable_pdf", 400, "PDF unreadable", "The PDF is damaged; save or scan the document again."),
    Problem("encrypted_pdf", 400, "PDF protected", "The PDF is protected by a password; send it without one."),
    Problem("empty_pdf", 400, "PDF empty", "The PDF has no pages; scan the document again."),
    Problem(
        "pdf_attachments",
        400,
        "PDF with attachments",
        "The PDF carries the document as an attachment; open it and send the attached document itself.",
    ),
    Problem(
        "pdf_layers",
        400,
        "PDF with conditional layers",
        "The PDF shows or hides parts by conditions that this service does not follow; print it to a new PDF.",
    ),
    Problem(
        "pdf_form",
        400,
        "PDF form",
        "The PDF is an interactive form (XFA) that only Adobe Reader shows; print it to a new PDF, or send a photo.",
    ),
    Problem(
        "no_face", 404, "No face found", "No face was found; send a sharp, well-lit picture of the side with the photo."
    ),
    Problem(
        "portrait_beyond_page_limit",
        404,
        "No face on the pages that were read",
        "No face was found, and the document has more pages than are read; send only the page with the photo.",
    ),
    # The job
    Problem("job_not_found", 404, "Job not found", "There is no such job; it never was, or its result has expired."),
    Problem("batch_not_found", 404, "Batch not found", "There is no such batch; it never was, or it has expired."),
    Problem(
        "job_expired", 410, "Job expired", "The job of this Idempotency-Key has expired; submit with a new key instead."
    ),
    Problem("cancelled", 410, "Job cancelled", "The job was cancelled; if that was not meant, submit the file again."),
    Problem(
        "wait_timeout", 504, "Still working", "The work is not done yet but goes on; ask for the job at its Location."
    ),
    Problem("timed_out", 400, "Took too long", "The document took too long to read; send it as a plain picture."),
    Problem(
        "worker_crashed",
        400,
        "Could not be processed",
        "The document could not be processed; send it in another format.",
    ),
    # The service
    Problem("not_found", 404, "Not found", "There is nothing at this address; see /docs."),
    Problem("method_not_allowed", 405, "Method not allowed", "This address does not take this method; see /docs."),
    Problem("unavailable", 503, "Service unavailable", "The service cannot take work right now; try again shortly."),
    Problem("overloaded", 503, "Too many jobs", "The service is busy; try again after the time in Retry-After."),
    Problem("internal_error", 500, "Internal error", "Something went wrong on our side; try again later."),
)

PROBLEMS: Final[dict[str, Problem]] = {problem.code: problem for problem in _ALL}
