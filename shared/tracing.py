"""Traces for OpenTelemetry, if the settings name a collector.

FastAPI, Celery and Redis are instrumented by the packages of OpenTelemetry. The reaper may publish the message of a job
again, outside the request that created the job. So the record of a job carries the trace of that request. The span of
the job in the worker continues this trace and has a link to the span of the message.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.settings import Settings

_HEADER = "traceparent"
_propagator = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("nsfas")


def configure(settings: Settings, service: str) -> bool:
    """Send the traces of this process to the collector under a service name; return whether there is a collector.

    Call this in each process after it was forked, because a thread sends the traces.
    """
    if settings.otel_exporter_otlp_endpoint is None:
        return False
    # Imported only if needed.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.instrumentation.celery import CeleryInstrumentor  # noqa: PLC0415
    from opentelemetry.instrumentation.redis import RedisInstrumentor  # noqa: PLC0415
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: service}))
    endpoint = f"{settings.otel_exporter_otlp_endpoint.rstrip('/')}/v1/traces"
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint)))
    trace.set_tracer_provider(provider)
    CeleryInstrumentor().instrument()  # type: ignore[no-untyped-call]
    RedisInstrumentor().instrument()
    return True


def flush() -> None:
    """Send the remaining traces. Call this before a process exits without the exit handlers of Python."""
    shut_down = getattr(trace.get_tracer_provider(), "shutdown", None)
    if shut_down is not None:
        shut_down()


def current() -> str | None:
    """Return the current trace as W3C ``traceparent``; None without one."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get(_HEADER)


@contextmanager
def job_span(name: str, traceparent: str | None, attributes: Mapping[str, str | int]) -> Iterator[None]:
    """Make the work in this context a span of the trace of the request that created the job.

    Parameters
    ----------
    name
        Name of the span.
    traceparent
        The trace of the request, as :func:`current` returned it.
    attributes
        Attributes of the span.

    """
    parent = _propagator.extract({_HEADER: traceparent}) if traceparent else None
    links = [trace.Link(trace.get_current_span().get_span_context())]
    with _tracer.start_as_current_span(name, parent, trace.SpanKind.CONSUMER, attributes=attributes, links=links):
        yield
