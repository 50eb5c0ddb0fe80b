"""Forms in the OpenAPI description, from the declarations of the kinds."""

from typing import Any

from api.jobs.options import SubmissionOptions
from shared.formats import FORMATS, listing
from shared.job_kinds.declaration import JobKind

_CONTENT = {"contentType": ", ".join(each.media_types[0] for each in FORMATS)}
_ACCEPTED = f"{listing(FORMATS)}, at most 10 MB. `GET /` returns the formats and the size that this service accepts."

_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "For 24 hours, the same key with the same request returns the same job, however often it is sent.",
    "example": '"8e03978e-40d5-43e8-bc93-6894a57f9324"',
}


def request_form(kind: JobKind) -> dict[str, Any]:
    """Return the request of the synchronous operation."""
    return _request(kind, kind.options.examples())


def submission_form(kind: JobKind) -> dict[str, Any]:
    """Return the request that submits a job."""
    return _request(kind, {**kind.options.examples(), **SubmissionOptions.examples()})


def _request(kind: JobKind, example: dict[str, Any]) -> dict[str, Any]:
    files = {
        each.name: {"type": "string", "format": "binary", "description": f"{each.hint}{_ACCEPTED}"}
        for each in kind.inputs
    }
    options = {**kind.options.json_schemas(), **SubmissionOptions.json_schemas()}
    schema = {
        "type": "object",
        "required": list(files),
        "properties": {**files, **options},
        "additionalProperties": False,
    }
    content = {
        "schema": schema,
        "encoding": dict.fromkeys(files, _CONTENT),
        "example": {**{each.name: each.example for each in kind.inputs}, **example},
    }
    return {
        "requestBody": {"required": True, "content": {"multipart/form-data": content}},
        "parameters": [*(_parameter(*option) for option in options.items()), _IDEMPOTENCY_KEY],
    }


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return an option as a query parameter."""
    description = f"{schema['description']} The form field of the same name takes precedence."
    bare = {key: value for key, value in schema.items() if key != "description"}
    return {"name": name, "in": "query", "required": False, "schema": bare, "description": description}
