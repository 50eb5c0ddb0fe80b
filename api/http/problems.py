"""Error responses: handlers that turn every error into a problem document (RFC 9457)."""

from http import HTTPStatus

from asgi_correlation_id import correlation_id
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from kombu.exceptions import OperationalError
from obstore.exceptions import BaseError as StorageError
from redis.exceptions import RedisError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import PROBLEMS, Problem, ServiceError
from shared.logs import get_logger, reason
from shared.problem_document import problem_document

log = get_logger(__name__)

MEDIA_TYPE = "application/problem+json"

RETRY_AFTER = {"Retry-After": "2"}
"""Seconds until a client should retry after an error of the service."""


def response(problem: Problem, field: str | None = None, headers: dict[str, str] | None = None) -> Response:
    """Return the problem as an HTTP response."""
    return Response(problem_json(problem, field), problem.status, headers, MEDIA_TYPE)


def problem_json(problem: Problem, field: str | None = None) -> str:
    """Return the problem as JSON; errors of the service include the request id, to find them in the logs."""
    is_service_error = problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    document = problem_document(problem, field, correlation_id.get() if is_service_error else None)
    return document.model_dump_json(exclude_none=True)


def install(app: FastAPI) -> None:
    """Respond to all errors of an application with problem documents."""
    app.add_exception_handler(ServiceError, _service_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(ClientDisconnect, _client_disconnected)
    for kind in (RedisError, OperationalError, StorageError):
        app.add_exception_handler(kind, _unavailable)
    app.add_middleware(_UnhandledErrors)


class _UnhandledErrors:
    """ASGI middleware for unexpected exceptions.

    An exception handler for all exceptions would run outside the other middleware, so its response would lack headers
    such as the request id.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def send_and_track(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, send_and_track)
        except Exception:
            log.exception("unexpected error in a request")
            if scope["type"] != "http" or started:
                raise  # the response has started, so the connection must be closed
            await response(PROBLEMS["internal_error"])(scope, receive, send)


def _service_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, ServiceError)  # noqa: S101 - by registration
    return response(error.problem, error.field, error.headers)


def _invalid_request(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - by registration
    log.debug("invalid request", faults=[(fault["loc"], fault["type"]) for fault in error.errors()])  # without values
    return response(PROBLEMS["invalid_request"])


def _http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - by registration
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(sorted(_methods(request)))
    codes = {HTTPStatus.NOT_FOUND: "not_found", HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed"}
    code = codes.get(HTTPStatus(error.status_code), "invalid_request")
    return response(PROBLEMS[code], headers=headers)


def _methods(request: Request) -> set[str]:
    """Return all methods of a path from the OpenAPI description; the framework reports only those of one route.

    If two paths match, the one without parameters comes first and counts, as in OpenAPI.
    """
    for template, operations in request.app.openapi()["paths"].items():
        if compile_path(template)[0].match(request.scope["path"]):
            methods = {method.upper() for method in operations}
            return methods | {"HEAD"} if "GET" in methods else methods
    return {"GET", "HEAD"}  # pages and files, which OpenAPI does not describe


def _client_disconnected(_: Request, error: Exception) -> Response:
    log.info("client disconnected before the response", error=str(error))
    return Response(status_code=HTTPStatus.BAD_REQUEST)


def _unavailable(_: Request, error: Exception) -> Response:
    log.error("dependency failed", error=reason(error))
    return response(PROBLEMS["unavailable"], headers=RETRY_AFTER)
