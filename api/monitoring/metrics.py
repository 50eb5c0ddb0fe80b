"""Figures for Prometheus: of this process's requests, and of the whole system as Redis knows it."""

from collections.abc import Iterable

from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_fastapi_instrumentator import Instrumentator

from shared.jobs import Load, Totals
from shared.metrics.processes import ProcessesCollector

PATH = "/metrics"

UPLOADED = Histogram(
    "nsfas_upload_bytes",
    "Size of accepted documents.",
    ["kind"],
    buckets=[2**power for power in range(14, 26)],  # 16 KB to 32 MB
)

_LATENCIES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
"""Seconds: from a status asked for to a wait for a result."""


def instrument(app: FastAPI) -> None:
    """Count this application's requests by route, method and status, and how long they took."""
    Instrumentator(
        should_group_status_codes=False,
        excluded_handlers=[f"^{PATH}$", "^/health/"],
    ).instrument(app, latency_lowr_buckets=_LATENCIES, latency_highr_buckets=_LATENCIES)


class SystemCollector(Collector):
    """What every API of one Redis says alike: take the largest, not the sum.

    Parameters
    ----------
    known
        What waits and runs now, and what has happened; None if Redis could not be asked.
    requests_waiting
        Requests of this process that wait for a job.

    """

    def __init__(self, known: tuple[Load, Totals] | None, requests_waiting: int) -> None:
        self._known = known
        self._requests_waiting = requests_waiting

    def collect(self) -> Iterable[Metric]:
        yield _gauge("nsfas_requests_waiting", "Requests of this process that wait for a job.", self._requests_waiting)
        yield _gauge("nsfas_redis_up", "Whether Redis answered.", self._known is not None)
        if self._known is not None:
            load, totals = self._known
            yield from _of_load(load)
            yield from _of_totals(totals)


def exposition(system: SystemCollector) -> bytes:
    """Return the text that Prometheus reads."""
    registry = CollectorRegistry()
    registry.register(ProcessesCollector())
    registry.register(system)
    return generate_latest(registry)


def _of_load(load: Load) -> Iterable[Metric]:
    waiting = GaugeMetricFamily("nsfas_jobs_waiting", "Jobs that wait.", labels=["queue"])
    oldest = GaugeMetricFamily("nsfas_jobs_oldest_seconds", "Age of the job that waits longest.", labels=["queue"])
    for queue, count in load.waiting.items():
        waiting.add_metric([queue], count)
        oldest.add_metric([queue], load.oldest[queue])
    yield waiting
    yield oldest
    yield _gauge("nsfas_jobs_running", "Jobs that workers are at.", load.running)
    yield _gauge("nsfas_jobs_postponed", "Jobs put off because the object store failed.", load.postponed)
    yield _gauge("nsfas_workers", "Workers that said within 30 s that they consume.", load.workers)
    yield _gauge("nsfas_callbacks_pending", "Receivers still to be told of a job's end.", load.callbacks)


def _of_totals(totals: Totals) -> Iterable[Metric]:
    ended = CounterMetricFamily(
        "nsfas_jobs_ended", "Jobs by kind, and by succeeded or the failure's code.", labels=["kind", "outcome"]
    )
    for (kind, outcome), count in totals.ended.items():
        ended.add_metric([kind, outcome], count)
    yield ended
    attempts = CounterMetricFamily("nsfas_job_attempts", "Attempts begun.", labels=["kind"])
    for kind, count in totals.attempts.items():
        attempts.add_metric([kind], count)
    yield attempts
    callbacks = CounterMetricFamily("nsfas_callbacks", "Attempts to tell receivers.", labels=["state"])
    for state, count in totals.callbacks.items():
        callbacks.add_metric([state], count)
    yield callbacks
    yield CounterMetricFamily("nsfas_reaper_runs", "Looks for lost jobs.", value=totals.reaper_runs)
    yield CounterMetricFamily("nsfas_leases_lost", "Jobs whose worker went silent.", value=totals.leases_lost)
    yield CounterMetricFamily(
        "nsfas_messages_lost", "Jobs published again, since their message was lost.", value=totals.messages_lost
    )


def _gauge(name: str, help_text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help_text, value=value)
