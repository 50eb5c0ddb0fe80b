"""Responses of all operations in the OpenAPI description, with examples."""

import json
from typing import Any, Literal

from api.exports.files import COLUMNS, cells, csv_rows
from api.jobs.options import SubmissionOptions
from api.openapi.load_example import load_example
from api.openapi.problems import CAPACITY, IDEMPOTENCY, JOB, SERVICE, UPLOAD, Responses, failures
from api.version import service_info
from shared.errors import PROBLEMS
from shared.formats import FORMATS
from shared.job_kinds.declaration import JobKind
from shared.job_kinds.registry import KINDS
from shared.problem_document import problem_document
from shared.schemas import ANY_JOB, BatchView, JobStatus, JobView

EVENTS = "text/event-stream"

_BATCH = BatchView.model_validate(
    {
        "name": "intake-2026",
        "created_at": "2026-11-24T08:00:00.004000Z",
        "total": 10000,
        "queued": 2814,
        "running": 8,
        "succeeded": 7000,
        "failed": 178,
        "cancelled": 0,
        "cursor": 7178,
        "ended_per_second": 94.0,
        "estimated_end": "2026-11-24T08:01:46.200000Z",
    }
).model_dump(mode="json")


def result_responses(kind: JobKind) -> Responses:
    """Return the responses of the synchronous operation."""
    codes = (*_submission_errors(kind), *kind.errors, *JOB, "wait_timeout")
    return {200: _success(kind.example), **failures(*codes, field=kind.input_names[0])}


def accepted_responses(kind: JobKind) -> Responses:
    """Return the responses to the submission of a job."""
    headers = {
        "Location": {"description": "URL of the job.", "schema": {"type": "string"}},
        "Retry-After": {"description": "Seconds to wait before the first request.", "schema": {"type": "integer"}},
    }
    accepted = _success(_job(kind, "queued")) | {"description": "Accepted", "headers": headers}
    return {202: accepted, **failures(*_submission_errors(kind), field=kind.input_names[0])}


def _submission_errors(kind: JobKind) -> tuple[str, ...]:
    options = (*kind.options.error_codes(), *SubmissionOptions.error_codes())
    return tuple(dict.fromkeys((*UPLOAD, *options, *IDEMPOTENCY, *CAPACITY, *SERVICE)))


def job_responses() -> Responses:
    """Return the responses to a request for a job."""
    times = {"started_at": "2026-11-24T08:00:00.010000Z", "finished_at": "2026-11-24T08:00:00.042000Z", "attempts": 1}
    first = KINDS[0]
    examples = {
        "queued": _job(first, "queued") | {"place": {"ahead": 812, "estimated_wait": 7.4}},
        **{kind.name: _job(kind, "succeeded") | times | {"result": kind.example} for kind in KINDS},
        "failed": _job(first, "failed") | times | {"error": _job_error(first)},
    }
    for example in examples.values():
        ANY_JOB.validate_json(json.dumps(example))
    content = {"application/json": {"examples": {name: {"value": value} for name, value in examples.items()}}}
    headers = {
        "ETag": {"description": "ETag of this response, for `If-None-Match`.", "schema": {"type": "string"}},
        "Retry-After": {
            "description": "Until the job has ended: seconds to wait before the next request.",
            "schema": {"type": "integer"},
        },
    }
    return {
        200: {"content": content, "headers": headers},
        304: {"description": "Nothing changed."},
        **failures("invalid_request", "job_not_found", *SERVICE),
    }


def events_responses() -> Responses:
    """Return the responses of the event stream of a job."""
    running = json.dumps(_job(KINDS[0], "running"))
    states = [status.value for status in JobStatus]
    data = {"contentMediaType": "application/json", "contentSchema": {"$ref": "#/components/schemas/JobView"}}
    schema = {
        "type": "object",
        "description": "One event. In OpenAPI 3.1, the schema of an event stream describes each event.",
        "required": ["event", "data"],
        "properties": {
            "event": {"type": "string", "enum": states, "description": "The state of the job."},
            "data": {"type": "string", "description": "The job.", **data},
        },
    }
    content = {EVENTS: {"schema": schema, "example": {"event": "running", "data": running}}}
    return {200: {"content": content}, **failures("job_not_found", "overloaded", *SERVICE)}


def batch_responses() -> Responses:
    """Return the responses to a request for a batch."""
    return {200: _success(_BATCH), **failures("invalid_request", "batch_not_found", *SERVICE)}


def cancelled_responses() -> Responses:
    """Return the responses to the cancellation of a batch."""
    example = {**_BATCH, "queued": 0, "cancelled": 2814, "estimated_end": "2026-11-24T08:01:16.300000Z"}
    return {200: _success(example), **failures("invalid_request", "batch_not_found", *SERVICE)}


def results_responses() -> Responses:
    """Return the responses to a request for the results of a batch."""
    kind = KINDS[0]
    line = json.dumps(_job(kind, "failed") | {"batch": "intake-2026", "error": _job_error(kind), "cursor": 1})
    schema = {
        "type": "string",
        "description": "One JSON object per line.",
        "contentSchema": {"$ref": "#/components/schemas/BatchResult"},
    }
    content = {"application/x-ndjson": {"schema": schema, "example": line}}
    return {200: {"content": content}, **failures("invalid_request", "batch_not_found", *SERVICE)}


def export_responses(file_type: Literal["csv", "zip"]) -> Responses:
    """Return the responses to a request for the results of a batch as a file."""
    kind = KINDS[0]
    row = {"reference": "applicant-4711", **_job(kind, "succeeded"), **cells(kind.name, kind.example)}
    example = csv_rows([COLUMNS, [row.get(name, "") for name in COLUMNS]]).decode()
    content: dict[str, Any] = {
        "csv": {"text/csv": {"schema": {"type": "string"}, "example": example}},
        "zip": {"application/zip": {"schema": {"type": "string", "format": "binary"}, "example": "PK..."}},
    }[file_type]
    headers = {"Content-Disposition": {"description": "The name of the file.", "schema": {"type": "string"}}}
    return {200: {"content": content, "headers": headers}, **failures("invalid_request", "batch_not_found", *SERVICE)}


def erased_responses() -> Responses:
    """Return the responses to the erasure of a job."""
    return {204: {"description": "Cancelled or erased."}, **failures("job_not_found", *SERVICE)}


def info_responses() -> Responses:
    """Return the responses of ``GET /``, for programs and for browsers."""
    info = service_info(FORMATS, 10 * 1024 * 1024).model_dump(mode="json")
    page = {"text/html": {"schema": {"type": "string"}, "example": "<!doctype html>..."}}
    return {200: {"content": {**_success(info)["content"], **page}}}


def load_responses() -> Responses:
    """Return the responses of ``GET /stats``."""
    return {200: _success(load_example()), **failures(*SERVICE)}


def history_responses() -> Responses:
    """Return the responses of ``GET /stats/history``."""
    point = {
        "at": "2026-11-24T08:00:00Z",
        "waiting": {"interactive": 0, "bulk": 812},
        "running": 8,
        "workers": 4,
        "ended": 6574,
        "failed": 131,
        "mean_wait_seconds": 7.102,
    }
    return {200: _success({"points": [point]}), **failures(*SERVICE)}


def health_responses(status: str) -> Responses:
    """Return the responses of a health check."""
    return {200: _success({"status": status}), **(failures(*SERVICE) if status != "live" else {})}


def _success(example: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"example": example}}}


def _job(kind: JobKind, status: str) -> dict[str, Any]:
    fields = {"kind": kind.name, "status": status, "attempts": 0, "created_at": "2026-11-24T08:00:00.004000Z"}
    view = JobView.model_validate({"id": "6b0b7a3e-6c3a-4a55-9a60-0d1c8f1f2b11", **fields})
    return view.model_dump(mode="json", exclude_none=True)


def _job_error(kind: JobKind) -> dict[str, Any]:
    """Return the error of a job whose document does not contain what is looked for."""
    code = "no_face" if "no_face" in kind.errors else "internal_error"
    return problem_document(PROBLEMS[code], kind.input_names[0]).model_dump(exclude_none=True)
