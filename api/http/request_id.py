"""Each request by its name: in its answer, on every line of every log that follows from it, and in traces."""

import re
import uuid

from asgi_correlation_id import CorrelationIdMiddleware
from fastapi import FastAPI
from opentelemetry.trace import Span
from starlette.datastructures import URL
from starlette.types import Scope
from structlog.contextvars import bind_contextvars, clear_contextvars

from shared import tracing
from shared.settings import Settings

ID_HEADER = "X-Request-ID"

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""What a client may call its request; another name is replaced, since it would go into logs as it is."""


def name(app: FastAPI) -> None:
    """Name each request as its client does, or anew."""
    app.add_middleware(
        CorrelationIdMiddleware,
        header_name=ID_HEADER,
        generator=lambda: str(uuid.uuid4()),
        validator=lambda text: _ID.fullmatch(text) is not None,
        transformer=_bind,
    )


def trace(app: FastAPI, settings: Settings) -> None:
    """Trace requests, if there is whom to send traces to."""
    if tracing.configure(settings, "nsfas-api"):
        from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor  # noqa: PLC0415

        FastAPIInstrumentor.instrument_app(
            app,
            excluded_urls="health,metrics",
            exclude_spans=["receive", "send"],
            server_request_hook=_omit_options,
        )


def _omit_options(span: Span, scope: Scope) -> None:
    """Take a request's options, which may be in its query, from what OpenTelemetry says of it."""
    if scope["query_string"]:
        span.set_attribute("http.url", str(URL(scope=scope).replace(query="")))
        span.set_attribute("url.query", "")


def _bind(request_id: str) -> str:
    clear_contextvars()  # a request that was sent before the last was answered begins with what that one bound
    bind_contextvars(request_id=request_id)
    return request_id
