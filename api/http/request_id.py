"""Request ids: one per request, in its response and in all log lines and traces that result from it."""

import re
import uuid

from asgi_correlation_id import CorrelationIdMiddleware
from fastapi import FastAPI
from structlog.contextvars import bind_contextvars, clear_contextvars

ID_HEADER = "X-Request-ID"

_VALID_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""Ids that clients may choose. Other ids are replaced, since ids are written to logs."""


def install(app: FastAPI) -> None:
    """Use the request id that the client sent, or create a new one."""
    app.add_middleware(
        CorrelationIdMiddleware,
        header_name=ID_HEADER,
        generator=lambda: str(uuid.uuid4()),
        validator=lambda text: _VALID_ID.fullmatch(text) is not None,
        transformer=_bind,
    )


def _bind(request_id: str) -> str:
    clear_contextvars()  # a pipelined request inherits the context of the previous request
    bind_contextvars(request_id=request_id)
    return request_id
