"""The forms of the OpenAPI description: files and fields, which the code reads by itself and does not declare."""

from typing import Any

from api.jobs.options import BATCH_NAME, LONGEST_REFERENCE
from shared.formats import FORMATS, listing

_CONTENT = {"contentType": ", ".join(each.media_types[0] for each in FORMATS)}
_ACCEPTED = f"{listing(FORMATS)}, at most 10 MB. `GET /` says which of these formats this service accepts."
_FILE = {"type": "string", "format": "binary"}

_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "For 24 hours the same key with the same request gives the same job, however often it is sent.",
    "example": '"8e03978e-40d5-43e8-bc93-6894a57f9324"',
}


def _upload(required: dict[str, str], optional: dict[str, dict[str, Any]], example: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = {name: {**_FILE, "description": text} for name, text in required.items()}
    properties |= optional
    schema = {"type": "object", "required": list(required), "properties": properties, "additionalProperties": False}
    content = {"schema": schema, "encoding": dict.fromkeys(required, _CONTENT), "example": example}
    body = {"required": True, "content": {"multipart/form-data": content}}
    return {
        "requestBody": body,
        "parameters": [*(_parameter(*option) for option in optional.items()), _IDEMPOTENCY_KEY],
    }


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return an option as a query parameter."""
    description = f"{schema['description']} The form field of the same name counts before it."
    bare = {key: value for key, value in schema.items() if key != "description"}
    return {"name": name, "in": "query", "required": False, "schema": bare, "description": description}


_EXTRACTION = {"file": _ACCEPTED}
_COMPARISON = {
    "selfie": _ACCEPTED,
    "id_photo": f"A portrait or the whole document: {_ACCEPTED}",
}
_DECISION: dict[str, dict[str, Any]] = {
    "threshold": {"type": "number", "minimum": 0, "maximum": 2, "description": "Distance up to which the faces match."},
    "false_match_rate": {
        "type": "number",
        "exclusiveMinimum": 0,
        "exclusiveMaximum": 1,
        "description": "Instead of a threshold: how often strangers may match, 0.0001 for 1 in 10,000.",
    },
    "portraits": {"type": "boolean", "description": "Whether the answer is to show both faces, upright."},
}
_PAGES = {"pages": {"type": "boolean", "description": "Whether the answer is to show every page."}}
_SUBMISSION: dict[str, dict[str, Any]] = {
    "batch": {"type": "string", "pattern": BATCH_NAME, "description": "A group to count it in."},
    "reference": {
        "type": "string",
        "minLength": 1,
        "maxLength": LONGEST_REFERENCE,
        "description": "Your own name for it, which the job, the batch's results and the callback carry.",
    },
    "callback_url": {
        "type": "string",
        "format": "uri",
        "description": "Told of the job's end by a signed POST (Standard Webhooks): https, on a host that is allowed.",
    },
    "callback_image": {"type": "boolean", "description": "Whether what the callback is told includes the pictures."},
}
_EXAMPLE_OPTIONS = {
    "batch": "intake-2026",
    "reference": "applicant-4711",
    "callback_url": "https://forms.example.org/jobs",
}

EXTRACTION_REQUEST = _upload(_EXTRACTION, {**_PAGES, **_SUBMISSION}, {"file": "@id-card.jpg"})
COMPARISON_REQUEST = _upload(
    _COMPARISON, {**_DECISION, **_SUBMISSION}, {"selfie": "@selfie.jpg", "id_photo": "@id-card.jpg", "threshold": 0.6}
)
EXTRACTION_SUBMISSION = _upload(_EXTRACTION, {**_PAGES, **_SUBMISSION}, {"file": "@id-card.jpg", **_EXAMPLE_OPTIONS})
COMPARISON_SUBMISSION = _upload(
    _COMPARISON,
    {**_DECISION, **_SUBMISSION},
    {"selfie": "@selfie.jpg", "id_photo": "@id-card.jpg", "threshold": 0.6, **_EXAMPLE_OPTIONS},
)
