"""Traces of requests, if the settings name a collector."""

from fastapi import FastAPI
from opentelemetry.trace import Span
from starlette.datastructures import URL
from starlette.types import Scope

from shared import tracing
from shared.settings import Settings


def install(app: FastAPI, settings: Settings) -> None:
    """Trace the requests of an application, if there is a collector."""
    if tracing.configure(settings, "nsfas-api"):
        from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor  # noqa: PLC0415

        FastAPIInstrumentor.instrument_app(
            app,
            excluded_urls="health,metrics",
            exclude_spans=["receive", "send"],
            server_request_hook=_omit_query_string,
        )


def _omit_query_string(span: Span, scope: Scope) -> None:
    """Remove the query string, which can contain options, from a span."""
    if scope["query_string"]:
        span.set_attribute("http.url", str(URL(scope=scope).replace(query="")))
        span.set_attribute("url.query", "")
