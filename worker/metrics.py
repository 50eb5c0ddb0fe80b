"""Prometheus metrics of the worker: queue time, run time, time by stage, and properties of the faces.

Pool processes record the values. The main process serves them.
"""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server

from shared.jobs import Job
from shared.metrics.processes import ProcessesCollector
from worker.vision import Comparison, Extraction, Quality, Stage

_WAIT_BUCKETS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600, 4 * 3600, 24 * 3600)
_RUN_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_STAGE_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30)
_FRACTION = tuple(tenth / 20 for tenth in range(1, 21))

_WAIT_TIME = Histogram(
    "nsfas_job_wait_seconds",
    "Time from acceptance of a job to the start of an attempt.",
    ["queue"],
    buckets=_WAIT_BUCKETS,
)
_RUN_TIME = Histogram(
    "nsfas_job_run_seconds", "Duration of one attempt, reads and writes included.", ["kind"], buckets=_RUN_BUCKETS
)
_STAGES = Histogram(
    "nsfas_vision_stage_seconds", "Duration of one stage of the vision pipeline.", ["stage"], buckets=_STAGE_BUCKETS
)
_FACES = Histogram("nsfas_document_faces", "Number of faces found in a document.", buckets=(0, 1, 2, 3, 4, 6, 8, 16))
_DETECTION = Histogram("nsfas_portrait_detection_score", "Detection score of the selected portrait.", buckets=_FRACTION)
_DISTANCE = Histogram("nsfas_comparison_distance", "Distance between two compared faces.", ["match"], buckets=_FRACTION)
_WARNINGS = Counter("nsfas_portrait_warnings", "Portraits with this quality warning.", ["warning"])

# In the units of `Quality`. The buckets are narrow around the limits of the warnings.
_MEASURES = {
    "eye_distance": (10, 15, 20, 30, 40, 60, 80, 120, 160, 240, 320),
    "sharpness": (10, 20, 30, 50, 100, 200, 400, 800, 1600, 3200),
    "luminance_mean": (20, 35, 50, 75, 100, 125, 150, 175, 200, 225, 240),
    "dynamic_range": (20, 40, 60, 80, 100, 120, 140, 160, 180, 200),
    "glare": (0.001, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5),
    "yaw": (-60, -45, -35, -20, -10, 0, 10, 20, 35, 45, 60),
    "pitch": (-60, -45, -35, -20, -10, 0, 10, 20, 35, 45, 60),
}
_QUALITY = {
    name: Histogram(f"nsfas_portrait_{name}", f"Portraits by {name.replace('_', ' ')}.", buckets=buckets)
    for name, buckets in _MEASURES.items()
}


def record_wait(job: Job) -> None:
    """Record the queue time of a job that has just started."""
    if job.started_at is not None:
        _WAIT_TIME.labels(job.queue).observe((job.started_at - job.created_at).total_seconds())


def record_run(job: Job, seconds: float, stages: Mapping[Stage, float]) -> None:
    """Record how long an attempt took, and each stage of the vision pipeline in it."""
    _RUN_TIME.labels(job.kind).observe(seconds)
    for name, taken in stages.items():
        _STAGES.labels(name).observe(taken)


def record_no_face() -> None:
    """Record a document without a face."""
    _FACES.observe(0)


def record_extraction(extraction: Extraction) -> None:
    """Record the properties of a portrait, so that an operator sees them drift."""
    _FACES.observe(len(extraction.faces))
    _DETECTION.observe(extraction.faces[extraction.selected].detection_score)
    _observe_quality(extraction.quality)


def record_comparison(comparison: Comparison) -> None:
    """Record the distance between two faces."""
    _DISTANCE.labels(str(comparison.match).lower()).observe(comparison.distance)


def _observe_quality(quality: Quality) -> None:
    for name, histogram in _QUALITY.items():
        histogram.observe(getattr(quality, name))
    for warning in quality.warnings:
        _WARNINGS.labels(warning).inc()


def serve_metrics(port: int) -> None:
    """Serve ``/metrics`` on this port, for all processes of this worker, from a thread of this process."""
    registry = CollectorRegistry()
    registry.register(ProcessesCollector())
    start_http_server(port, registry=registry)
