"""Our errors as problem documents (RFC 9457), and the handlers that turn every failure into one."""

from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from kombu.exceptions import OperationalError
from obstore.exceptions import BaseError as StorageError
from redis.exceptions import RedisError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from shared.errors import PROBLEMS, Problem, ServiceError
from shared.logs import get_logger, reason
from shared.views import problem_document

log = get_logger(__name__)

MEDIA_TYPE = "application/problem+json"

RETRY_AFTER = {"Retry-After": "2"}
"""Seconds until a client should try again where the service, not the request, is at fault."""


def response(problem: Problem, field: str | None = None, headers: dict[str, str] | None = None) -> Response:
    """Return the problem as an HTTP answer."""
    body = problem_document(problem, field).model_dump_json(exclude_none=True)
    return Response(body, problem.status, headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Answer every failure of this application with a problem document."""
    app.add_exception_handler(ServiceError, _service_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(ClientDisconnect, _client_left)
    for kind in (RedisError, OperationalError, StorageError):
        app.add_exception_handler(kind, _unavailable)
    app.add_exception_handler(Exception, _internal_error)


def _service_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, ServiceError)  # noqa: S101 - as installed
    return response(error.problem, error.field, error.headers)


def _invalid_request(_: Request, error: Exception) -> Response:
    log.debug("invalid request", error=str(error))
    return response(PROBLEMS["invalid_request"])


def _http_exception(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - as installed
    codes = {HTTPStatus.NOT_FOUND: "not_found", HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed"}
    code = codes.get(HTTPStatus(error.status_code), "invalid_request")
    return response(PROBLEMS[code], headers=dict(error.headers or {}))


def _client_left(_: Request, error: Exception) -> Response:
    log.info("client left before its answer", error=str(error))
    return Response(status_code=HTTPStatus.BAD_REQUEST)


def _unavailable(_: Request, error: Exception) -> Response:
    log.error("dependency failed", error=reason(error))
    return response(PROBLEMS["unavailable"], headers=RETRY_AFTER)


def _internal_error(_: Request, error: Exception) -> Response:
    log.error("request broke", exc_info=error)
    return response(PROBLEMS["internal_error"])
