"""Error responses in the OpenAPI description."""

from typing import Any, Final

from api.http.problems import MEDIA_TYPE
from shared.errors import PROBLEMS
from shared.job_kinds.faces import DOCUMENT_ERRORS
from shared.problem_document import problem_document

Responses = dict[int | str, dict[str, Any]]
"""Responses of an operation by status."""

UPLOAD: Final = (
    "invalid_request",
    "unknown_field",
    "missing_file",
    "empty_file",
    "file_too_large",
    "unsupported_format",
)
"""Error codes of forms."""

JOB: Final = ("cancelled", "timed_out", "worker_crashed", "internal_error")
"""Error codes of jobs of all kinds."""

SERVICE: Final = ("unavailable",)
CAPACITY: Final = ("overloaded", "upload_timeout")
AUTHENTICATION: Final = (
    "unauthorized", "key_expired", "key_not_yet_valid", "forbidden", "rate_limited", "quota_exceeded",
)  # fmt: skip
IDEMPOTENCY: Final = ("invalid_idempotency_key", "idempotency_key_reused", "job_expired")
WEB_PAGES: Final = ("host_not_allowed", "origin_not_allowed")

_PROBLEM_SCHEMA = {"$ref": "#/components/schemas/ProblemDocument"}


def failures(*codes: str, field: str = "file") -> Responses:
    """Return the error responses for these codes by status, each with the problem document that clients receive.

    Parameters
    ----------
    codes
        Codes of ``shared.errors``.
    field
        Form field in the examples of errors that are about a file.

    """
    responses: Responses = {}
    for code in codes:
        problem = PROBLEMS[code]
        about_file = field if code in {*UPLOAD, *DOCUMENT_ERRORS} else None
        at_fault = {"invalid_request": None, "unknown_field": "bacth"}.get(code, about_file)
        example = problem_document(problem, at_fault).model_dump(exclude_none=True)
        status = responses.setdefault(
            problem.status,
            {"description": "", "content": {MEDIA_TYPE: {"schema": _PROBLEM_SCHEMA, "examples": {}}}},
        )
        status["description"] += f"{', ' if status['description'] else ''}`{code}`"
        status["content"][MEDIA_TYPE]["examples"][code] = {"summary": problem.title, "value": example}
    return responses


def add_failures(responses: dict[str, Any], more: Responses) -> None:
    """Add error responses to the responses of an operation. Responses of the same status are merged."""
    for status, response in more.items():
        known = responses.setdefault(str(status), response)
        if known is not response:
            known["description"] += f", {response['description']}"
            known["content"][MEDIA_TYPE]["examples"] |= response["content"][MEDIA_TYPE]["examples"]
