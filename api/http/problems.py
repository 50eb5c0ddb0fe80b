"""Our errors as problem documents (RFC 9457), and the handlers that turn every failure into one."""

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
from shared.job_view import problem_document
from shared.logs import get_logger, reason

log = get_logger(__name__)

MEDIA_TYPE = "application/problem+json"

RETRY_AFTER = {"Retry-After": "2"}
"""Seconds until a client should try again where the service, not the request, is at fault."""


def response(problem: Problem, field: str | None = None, headers: dict[str, str] | None = None) -> Response:
    """Return the problem as an HTTP answer."""
    return Response(document_of(problem, field), problem.status, headers, MEDIA_TYPE)


def document_of(problem: Problem, field: str | None = None) -> str:
    """Return the problem as JSON; where the fault is ours, with the request's name, which the logs know."""
    ours = problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    document = problem_document(problem, field, correlation_id.get() if ours else None)
    return document.model_dump_json(exclude_none=True)


def install(app: FastAPI) -> None:
    """Answer every failure of this application with a problem document."""
    app.add_exception_handler(ServiceError, _service_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(ClientDisconnect, _client_left)
    for kind in (RedisError, OperationalError, StorageError):
        app.add_exception_handler(kind, _unavailable)
    app.add_middleware(_Failures)


class _Failures:
    """ASGI middleware that answers what broke unforeseen.

    A handler for every exception would run outside all other middleware: its answer would lack their headers, the
    request's name among them.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception:
            log.exception("request broke")
            if scope["type"] != "http" or started:
                raise  # it can only be cut off
            await response(PROBLEMS["internal_error"])(scope, receive, send)


def _service_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, ServiceError)  # noqa: S101 - as installed
    return response(error.problem, error.field, error.headers)


def _invalid_request(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as installed
    log.debug("invalid request", faults=[(fault["loc"], fault["type"]) for fault in error.errors()])  # without values
    return response(PROBLEMS["invalid_request"])


def _http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - as installed
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(sorted(_methods(request)))
    codes = {HTTPStatus.NOT_FOUND: "not_found", HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed"}
    code = codes.get(HTTPStatus(error.status_code), "invalid_request")
    return response(PROBLEMS[code], headers=headers)


def _methods(request: Request) -> set[str]:
    """Return the methods of this path, as the OpenAPI description has them; the framework's answer knows only some.

    Of two descriptions that match, the one without parameters is first and counts, as OpenAPI has it.
    """
    for template, operations in request.app.openapi()["paths"].items():
        if compile_path(template)[0].match(request.scope["path"]):
            methods = {method.upper() for method in operations}
            return methods | {"HEAD"} if "GET" in methods else methods
    return {"GET", "HEAD"}  # what is not described: pages and files


def _client_left(_: Request, error: Exception) -> Response:
    log.info("client left before its answer", error=str(error))
    return Response(status_code=HTTPStatus.BAD_REQUEST)


def _unavailable(_: Request, error: Exception) -> Response:
    log.error("dependency failed", error=reason(error))
    return response(PROBLEMS["unavailable"], headers=RETRY_AFTER)
