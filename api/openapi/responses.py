"""The parts of the OpenAPI description that the code does not say by itself: every answer, with examples."""

import json
from typing import Any, Literal

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.exports.files import COLUMNS, cells, csv_rows
from api.http.problems import MEDIA_TYPE
from api.jobs.options import SubmissionOptions
from api.version import service_info
from shared.errors import PROBLEMS
from shared.formats import FORMATS
from shared.job_kinds.declaration import JobKind
from shared.job_kinds.faces import DOCUMENT_ERRORS
from shared.job_kinds.registry import KINDS
from shared.problem_document import problem_document
from shared.schemas import ANY_JOB, BatchResult, BatchView, JobStatus, JobView, ProblemDocument

Responses = dict[int | str, dict[str, Any]]

_PROBLEM_SCHEMA = {"$ref": "#/components/schemas/ProblemDocument"}

_CONTACT = {"name": "The operator of this service"}
_LICENSE = {"name": "MIT", "identifier": "MIT"}
_SERVERS: list[dict[str, Any]] = [{"url": "/", "description": "The service that this description was fetched from."}]
_TAGS = [
    {"name": "service", "description": "What the service is, whether it works, and how loaded it is."},
    {"name": "faces", "description": "Extract and compare faces, and wait for the result."},
    {"name": "jobs", "description": "Submit documents, follow their jobs and fetch the results."},
    {"name": "batches", "description": "Jobs that were submitted under one name: progress, results and exports."},
]

_EVENTS = "text/event-stream"

# Error codes of uploads, of jobs, and of the service.
_UPLOAD = ("invalid_request", "unknown_field", "missing_file", "empty_file", "file_too_large", "unsupported_format")
_JOB = ("cancelled", "timed_out", "worker_crashed", "internal_error")
_SERVICE = ("unavailable",)
_FULL = ("overloaded", "upload_timeout")
_KEYS = ("unauthorized", "key_expired", "key_not_yet_valid", "forbidden", "rate_limited", "quota_exceeded")
_KEY = ("invalid_idempotency_key", "idempotency_key_reused", "job_expired")


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


def describe(app: FastAPI, *, with_keys: bool) -> None:
    """Complete what FastAPI describes: the problem document, and not the 422 that no request is answered with.

    Where there are API keys, also what is answered to one that does not do; where there are none, no key is asked for.
    """

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                contact=_CONTACT,
                license_info=_LICENSE,
                servers=_SERVERS,
                tags=_TAGS,
                routes=app.routes,
            )
            schema["security"] = []  # of the operations that do not name their own
            for operations in schema["paths"].values():
                for operation in operations.values():
                    if MEDIA_TYPE not in operation["responses"].get("422", {}).get("content", {MEDIA_TYPE: 0}):
                        del operation["responses"]["422"]  # FastAPI's own, not one of our problems
                    _add(operation["responses"], _failures("host_not_allowed", "origin_not_allowed"))
                    if operation.pop("security", None) and with_keys:
                        operation["security"] = [{"HTTPBearer": []}, {"APIKeyHeader": []}]
                        _add(operation["responses"], _failures(*_KEYS))
            if not with_keys:
                schema["components"].pop("securitySchemes", None)
            # FastAPI describes each event as an `itemSchema`, which OpenAPI has from 3.2 on.
            del schema["paths"]["/jobs/{job_id}/events"]["get"]["responses"]["200"]["content"][_EVENTS]["itemSchema"]
            components = schema["components"]["schemas"]
            for name in ("HTTPValidationError", "ValidationError"):
                components.pop(name, None)
            components["ProblemDocument"] = ProblemDocument.model_json_schema()
            # Everything that a line refers to is there, for the answers that are jobs refer to it, too.
            line = BatchResult.model_json_schema(ref_template="#/components/schemas/{model}")
            line.pop("$defs")
            components["BatchResult"] = line
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way of extending it


def result_responses(kind: JobKind) -> Responses:
    """Return the responses of the synchronous operation."""
    codes = (*_submission_errors(kind), *kind.errors, *_JOB, "wait_timeout")
    return {200: _success(kind.example), **_failures(*codes, field=kind.input_names[0])}


def accepted_responses(kind: JobKind) -> Responses:
    """Return the responses to the submission of a job."""
    headers = {
        "Location": {"description": "URL of the job.", "schema": {"type": "string"}},
        "Retry-After": {"description": "Seconds to wait before the first request.", "schema": {"type": "integer"}},
    }
    accepted = _success(_job(kind, "queued")) | {"description": "Accepted", "headers": headers}
    return {202: accepted, **_failures(*_submission_errors(kind), field=kind.input_names[0])}


def _submission_errors(kind: JobKind) -> tuple[str, ...]:
    options = (*kind.options.error_codes(), *SubmissionOptions.error_codes())
    return tuple(dict.fromkeys((*_UPLOAD, *options, *_KEY, *_FULL, *_SERVICE)))


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
        **_failures("invalid_request", "job_not_found", *_SERVICE),
    }


def events_responses() -> Responses:
    """Return the answers of a job's stream of events."""
    running = json.dumps(_job(KINDS[0], "running"))
    states = [status.value for status in JobStatus]
    data = {"contentMediaType": "application/json", "contentSchema": {"$ref": "#/components/schemas/JobView"}}
    schema = {
        "type": "object",
        "description": "One event: in OpenAPI 3.1 the schema of an event stream is that of each event.",
        "required": ["event", "data"],
        "properties": {
            "event": {"type": "string", "enum": states, "description": "The job's state."},
            "data": {"type": "string", "description": "The job.", **data},
        },
    }
    content = {_EVENTS: {"schema": schema, "example": {"event": "running", "data": running}}}
    return {200: {"content": content}, **_failures("job_not_found", "overloaded", *_SERVICE)}


def batch_responses() -> Responses:
    """Return the answers to a question for a batch."""
    return {200: _success(_BATCH), **_failures("invalid_request", "batch_not_found", *_SERVICE)}


def cancelled_responses() -> Responses:
    """Return the answers to the cancellation of a batch."""
    example = {**_BATCH, "queued": 0, "cancelled": 2814, "estimated_end": "2026-11-24T08:01:16.300000Z"}
    return {200: _success(example), **_failures("invalid_request", "batch_not_found", *_SERVICE)}


def results_responses() -> Responses:
    """Return the answers to a question for a batch's results."""
    kind = KINDS[0]
    line = json.dumps(_job(kind, "failed") | {"batch": "intake-2026", "error": _job_error(kind), "cursor": 1})
    schema = {
        "type": "string",
        "description": "A JSON object a line.",
        "contentSchema": {"$ref": "#/components/schemas/BatchResult"},
    }
    content = {"application/x-ndjson": {"schema": schema, "example": line}}
    return {200: {"content": content}, **_failures("invalid_request", "batch_not_found", *_SERVICE)}


def export_responses(file_type: Literal["csv", "zip"]) -> Responses:
    """Return the answers to a question for a batch's results as a file."""
    kind = KINDS[0]
    row = {"reference": "applicant-4711", **_job(kind, "succeeded"), **cells(kind.name, kind.example)}
    example = csv_rows([COLUMNS, [row.get(name, "") for name in COLUMNS]]).decode()
    content: dict[str, Any] = {
        "csv": {"text/csv": {"schema": {"type": "string"}, "example": example}},
        "zip": {"application/zip": {"schema": {"type": "string", "format": "binary"}, "example": "PK..."}},
    }[file_type]
    headers = {"Content-Disposition": {"description": "The file's name.", "schema": {"type": "string"}}}
    return {200: {"content": content, "headers": headers}, **_failures("invalid_request", "batch_not_found", *_SERVICE)}


def erased_responses() -> Responses:
    """Return the answers to an erasure."""
    return {204: {"description": "Cancelled, or forgotten."}, **_failures("job_not_found", *_SERVICE)}


def info_responses() -> Responses:
    """Return the answers to ``GET /``: to programs, and to browsers."""
    info = service_info(FORMATS).model_dump(mode="json")
    page = {"text/html": {"schema": {"type": "string"}, "example": "<!doctype html>..."}}
    return {200: {"content": {**_success(info)["content"], **page}}}


def load_responses() -> Responses:
    """Return the answers to ``GET /stats``."""
    example = {
        "queues": {
            "interactive": {"waiting": 0, "oldest_seconds": 0.0},
            "bulk": {"waiting": 812, "oldest_seconds": 7.4},
        },
        "running": 8,
        "postponed": 0,
        "workers": 4,
        "workers_unconfined": 0,
        "callbacks_pending": 0,
        "requests_waiting": 3,
        "max_open_jobs": 1_000_000,
        "ended_last_minute": 6574,
        "ended_per_second": 109.57,
        "mean_wait_seconds": 7.102,
    }
    return {200: _success(example), **_failures(*_SERVICE)}


def history_responses() -> Responses:
    """Return the answers to ``GET /stats/history``."""
    point = {
        "at": "2026-11-24T08:00:00Z",
        "waiting": {"interactive": 0, "bulk": 812},
        "running": 8,
        "workers": 4,
        "ended": 6574,
        "failed": 131,
        "mean_wait_seconds": 7.102,
    }
    return {200: _success({"points": [point]}), **_failures(*_SERVICE)}


def health_responses(status: str) -> Responses:
    """Return the answers of a health check."""
    return {200: _success({"status": status}), **(_failures(*_SERVICE) if status != "live" else {})}


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


def _add(responses: dict[str, Any], more: Responses) -> None:
    """Add problems to the answers of an operation, of which some may have the same status."""
    for status, answer in more.items():
        known = responses.setdefault(str(status), answer)
        if known is not answer:
            known["description"] += f", {answer['description']}"
            known["content"][MEDIA_TYPE]["examples"] |= answer["content"][MEDIA_TYPE]["examples"]


def _failures(*codes: str, field: str = "file") -> Responses:
    """Group problems by status, each with the document that clients receive."""
    responses: Responses = {}
    for code in codes:
        problem = PROBLEMS[code]
        about_file = field if code in {*_UPLOAD, *DOCUMENT_ERRORS} else None
        at_fault = {"invalid_request": None, "unknown_field": "bacth"}.get(code, about_file)
        example = problem_document(problem, at_fault).model_dump(exclude_none=True)
        status = responses.setdefault(
            problem.status,
            {"description": "", "content": {MEDIA_TYPE: {"schema": _PROBLEM_SCHEMA, "examples": {}}}},
        )
        status["description"] += f"{', ' if status['description'] else ''}`{code}`"
        status["content"][MEDIA_TYPE]["examples"][code] = {"summary": problem.title, "value": example}
    return responses
