"""Prometheus metrics: requests of this service, and the state of the whole system from Redis."""

from collections.abc import Iterable

from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_fastapi_instrumentator import Instrumentator

from shared.jobs import Load, Totals
from shared.metrics.processes import ProcessesCollector

PATH = "/metrics"

UPLOAD_BYTES = Histogram(
    "nsfas_upload_bytes",
    "Size of accepted documents.",
    ["kind"],
    buckets=[2**power for power in range(14, 26)],  # 16 KB to 32 MB
)

_LATENCIES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
"""Buckets in seconds, from reading a status to waiting for a result."""


def instrument(app: FastAPI) -> None:
    """Measure the requests of an application by route, method and status."""
    Instrumentator(
        should_group_status_codes=False,
        # A path with a slash at its end is redirected, and would be a label as it is, such as the id of a job.
        excluded_handlers=[f"^{PATH}$", "^/health/", "./$"],
    ).instrument(app, latency_lowr_buckets=_LATENCIES, latency_highr_buckets=_LATENCIES)


class SystemCollector(Collector):
    """Metrics of the whole system. All API processes report the same values, so use their maximum, not their sum.

    Parameters
    ----------
    state
        Current load, and counts since the start; None if Redis cannot be reached.
    requests_waiting
        Requests of this process that are waiting for a job.

    """

    def __init__(self, state: tuple[Load, Totals] | None, requests_waiting: int) -> None:
        self._state = state
        self._requests_waiting = requests_waiting

    def collect(self) -> Iterable[Metric]:
        yield _gauge(
            "nsfas_requests_waiting", "Requests of this process that are waiting for a job.", self._requests_waiting
        )
        yield _gauge("nsfas_redis_up", "Whether Redis responds (1 or 0).", self._state is not None)
        if self._state is not None:
            load, totals = self._state
            yield from _of_load(load)
            yield from _of_totals(totals)


def exposition(system: SystemCollector) -> bytes:
    """Return all metrics in the text format of Prometheus."""
    registry = CollectorRegistry()
    registry.register(ProcessesCollector())
    registry.register(system)
    return generate_latest(registry)


def _of_load(load: Load) -> Iterable[Metric]:
    waiting = GaugeMetricFamily("nsfas_jobs_waiting", "Queued jobs.", labels=["queue"])
    oldest = GaugeMetricFamily(
        "nsfas_jobs_oldest_seconds", "Age of the oldest queued job in seconds.", labels=["queue"]
    )
    for queue, count in load.waiting.items():
        waiting.add_metric([queue], count)
        oldest.add_metric([queue], load.oldest[queue])
    yield waiting
    yield oldest
    yield _gauge("nsfas_jobs_running", "Running jobs.", load.running)
    yield _gauge("nsfas_jobs_postponed", "Jobs that wait for a retry because the object store failed.", load.postponed)
    yield _gauge("nsfas_workers", "Workers with a heartbeat within 30 s.", load.workers)
    yield _gauge("nsfas_callbacks_pending", "Webhooks that have not been delivered yet.", load.webhooks)


def _of_totals(totals: Totals) -> Iterable[Metric]:
    ended = CounterMetricFamily(
        "nsfas_jobs_ended", "Ended jobs by kind and outcome: succeeded, or an error code.", labels=["kind", "outcome"]
    )
    for (kind, outcome), count in totals.ended.items():
        ended.add_metric([kind, outcome], count)
    yield ended
    attempts = CounterMetricFamily("nsfas_job_attempts", "Attempts started.", labels=["kind"])
    for kind, count in totals.attempts.items():
        attempts.add_metric([kind], count)
    yield attempts
    webhooks = CounterMetricFamily("nsfas_callbacks", "Webhook attempts by state.", labels=["state"])
    for state, count in totals.webhooks.items():
        webhooks.add_metric([state], count)
    yield webhooks
    yield CounterMetricFamily("nsfas_reaper_runs", "Runs of the reaper.", value=totals.reaper_runs)
    yield CounterMetricFamily("nsfas_leases_lost", "Jobs whose lease expired.", value=totals.leases_lost)
    yield CounterMetricFamily(
        "nsfas_messages_lost",
        "Jobs that were published again because their message was lost.",
        value=totals.messages_lost,
    )


def _gauge(name: str, help_text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help_text, value=value)
