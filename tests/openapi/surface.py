"""The part of the OpenAPI description that generated clients depend on: everything except its words.

``python -m tests.openapi.surface`` writes the description of this version to ``surface.json``. Run it only after an
intended change of the contract, and review the difference.
"""

import json
from pathlib import Path
from typing import Any

from tests.support.openapi import openapi_description

STORED = Path(__file__).with_name("surface.json")

_WORDS = {"description", "summary", "title", "example", "examples"}
"""Keys whose value is text for people."""

_UNORDERED = {"required", "enum", "anyOf", "allOf", "oneOf", "tags"}
"""Keys whose value is a list without an order."""

_NAMES = {"properties", "headers", "encoding", "content"}
"""Keys whose value has names of the service as its keys."""


def surface(description: dict[str, Any]) -> dict[str, Any]:
    """Return operations, with their parameters, bodies, answers and error codes, and schemas."""
    operations = {
        f"{method.upper()} {path}": _operation(operation)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    }
    schemas = {name: _structure(schema) for name, schema in description["components"]["schemas"].items()}
    return {"operations": operations, "schemas": schemas}


def current() -> dict[str, Any]:
    """Return the surface of this version."""
    return surface(openapi_description())


def _operation(operation: dict[str, Any]) -> dict[str, Any]:
    parameters = sorted(map(_structure, operation.get("parameters", [])), key=lambda each: (each["in"], each["name"]))
    parts = {
        "operationId": operation["operationId"],
        "tags": operation["tags"],
        "parameters": parameters,
        "requestBody": _structure(operation.get("requestBody")),
        "responses": {status: _response(response) for status, response in operation["responses"].items()},
    }
    return {name: part for name, part in parts.items() if part}


def _response(response: dict[str, Any]) -> Any:
    """Return the structure of an answer; for a problem document, the codes that it can have."""
    problem = response.get("content", {}).get("application/problem+json")
    return sorted(problem["examples"]) if problem else _structure(response)


def _structure(value: Any, *, has_names: bool = False) -> Any:
    if isinstance(value, list):
        return [_structure(each) for each in value]
    if not isinstance(value, dict):
        return value
    structure = {}
    for key, part in value.items():
        if has_names or key not in _WORDS:
            of_part = _structure(part, has_names=not has_names and key in _NAMES)
            is_unordered = key in _UNORDERED and not has_names and isinstance(part, list)
            structure[key] = sorted(of_part, key=json.dumps) if is_unordered else of_part
    return structure


if __name__ == "__main__":
    STORED.write_text(json.dumps(current(), indent=1, sort_keys=True) + "\n")
