"""Traces for OpenTelemetry: nothing unless the settings name a collector.

FastAPI, Celery and Redis are instrumented by OpenTelemetry's own packages. What those cannot know is that a message
only wakes a worker, which then takes whichever job's turn it is: so a job carries the trace of the request that it came
by, and its span in the worker continues that, with a link to the message's span.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.jobs import Job
from shared.settings import Settings

_HEADER = "traceparent"
_propagator = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("nsfas")


def configure(settings: Settings, service: str) -> bool:
    """Send this process's traces to the collector, under the name of this service; return whether there is one.

    For each process by itself, and after it was forked: what sends the traces is a thread.
    """
    if settings.otel_exporter_otlp_endpoint is None:
        return False
    # Only now: who does not trace does not load what it takes.
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
    """Send what has not been sent, before a process ends that does not end by itself."""
    shut_down = getattr(trace.get_tracer_provider(), "shutdown", None)
    if shut_down is not None:
        shut_down()


def current() -> str | None:
    """Return the trace that this is part of, as W3C's ``traceparent``; None if it is part of none."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get(_HEADER)


@contextmanager
def attempt(job: Job) -> Iterator[None]:
    """Make what is done in this context part of the trace of the request that the job came by."""
    parent = _propagator.extract({_HEADER: job.trace}) if job.trace else None
    links = [trace.Link(trace.get_current_span().get_span_context())]
    ids: dict[str, str | int] = {"job.id": job.id, "job.attempt": job.attempts, "request.id": job.request_id or ""}
    with _tracer.start_as_current_span(job.kind.value, parent, trace.SpanKind.CONSUMER, attributes=ids, links=links):
        yield
