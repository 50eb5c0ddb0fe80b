"""The OpenAPI description: that of FastAPI, with the parts that FastAPI does not know."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.http.problems import MEDIA_TYPE
from api.openapi.problems import AUTHENTICATION, WEB_PAGES, add_failures, failures
from api.openapi.responses import EVENTS
from shared.schemas import BatchResult, ProblemDocument

_CONTACT = {"name": "The operator of this service"}
_LICENSE = {"name": "MIT", "identifier": "MIT"}
_SERVERS: list[dict[str, Any]] = [{"url": "/", "description": "The service that this description was fetched from."}]
_TAGS = [
    {"name": "service", "description": "Name and version of the service, its health and its load."},
    {"name": "faces", "description": "Extract and compare faces, and wait for the result."},
    {"name": "jobs", "description": "Submit documents, follow their jobs and fetch the results."},
    {"name": "batches", "description": "Jobs that were submitted with one name: progress, results and exports."},
]


def describe(app: FastAPI, *, with_keys: bool) -> None:
    """Complete the description of FastAPI: add error responses, and remove the 422 that the service does not return.

    Parameters
    ----------
    app
        The application.
    with_keys
        Whether authentication is enabled. The description then requires an API key and has the errors of
        authentication.

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
            schema["security"] = []  # of operations without their own
            for operations in schema["paths"].values():
                for operation in operations.values():
                    if MEDIA_TYPE not in operation["responses"].get("422", {}).get("content", {MEDIA_TYPE: 0}):
                        del operation["responses"]["422"]  # of FastAPI, not a problem document
                    add_failures(operation["responses"], failures(*WEB_PAGES))
                    if operation.pop("security", None) and with_keys:
                        operation["security"] = [{"HTTPBearer": []}, {"APIKeyHeader": []}]
                        add_failures(operation["responses"], failures(*AUTHENTICATION))
            if not with_keys:
                schema["components"].pop("securitySchemes", None)
            # FastAPI describes events with `itemSchema`, which OpenAPI has since 3.2.
            del schema["paths"]["/jobs/{job_id}/events"]["get"]["responses"]["200"]["content"][EVENTS]["itemSchema"]
            components = schema["components"]["schemas"]
            for name in ("HTTPValidationError", "ValidationError"):
                components.pop(name, None)
            components["ProblemDocument"] = ProblemDocument.model_json_schema()
            # Responses with jobs define everything that a line refers to.
            line = BatchResult.model_json_schema(ref_template="#/components/schemas/{model}")
            line.pop("$defs")
            components["BatchResult"] = line
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # the documented way to extend it
