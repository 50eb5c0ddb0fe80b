"""Figures for Prometheus: how long jobs waited and ran, where the time went, and what the faces were like.

They are observed in the processes of the pool, and served by the main process.
"""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server

from shared.jobs import Job
from shared.metrics.processes import ProcessesCollector
from worker.vision import Comparison, Extraction, Quality, Stage

_WAIT = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600, 4 * 3600, 24 * 3600)
_RUN = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_STAGE = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30)
_SHARE = tuple(tenth / 20 for tenth in range(1, 21))

_WAITED = Histogram("nsfas_job_wait_seconds", "From accepted to the attempt that was begun.", ["queue"], buckets=_WAIT)
_RAN = Histogram("nsfas_job_run_seconds", "One attempt, with its reads and writes.", ["kind"], buckets=_RUN)
_STAGES = Histogram("nsfas_vision_stage_seconds", "A stage of one job's vision.", ["stage"], buckets=_STAGE)
_FACES = Histogram("nsfas_document_faces", "Faces found in a document.", buckets=(0, 1, 2, 3, 4, 6, 8, 16))
_DETECTION = Histogram("nsfas_portrait_detection_score", "The detector's score of a portrait.", buckets=_SHARE)
_DISTANCE = Histogram("nsfas_comparison_distance", "Distance of two faces compared.", ["match"], buckets=_SHARE)
_WARNINGS = Counter("nsfas_portrait_warnings", "Portraits with this warning.", ["warning"])

# In the units of `Quality`; steps around the limits at which there is a warning.
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


def began(job: Job) -> None:
    """Note how long a job waited that was begun just now."""
    if job.started_at is not None:
        _WAITED.labels(job.queue).observe((job.started_at - job.created_at).total_seconds())


def ran(job: Job, seconds: float, stages: Mapping[Stage, float]) -> None:
    """Note how long an attempt took, and the vision in it by stage."""
    _RAN.labels(job.kind).observe(seconds)
    for name, taken in stages.items():
        _STAGES.labels(name).observe(taken)


def found_no_face() -> None:
    """Note a document without a face."""
    _FACES.observe(0)


def extracted(extraction: Extraction) -> None:
    """Note what the portrait of a document is like: what an operator must see drift."""
    _FACES.observe(len(extraction.faces))
    _DETECTION.observe(extraction.faces[extraction.selected].detection_score)
    _observe_quality(extraction.quality)


def compared(comparison: Comparison) -> None:
    """Note how far apart two faces were."""
    _DISTANCE.labels(str(comparison.match).lower()).observe(comparison.distance)


def _observe_quality(quality: Quality) -> None:
    for name, histogram in _QUALITY.items():
        histogram.observe(getattr(quality, name))
    for warning in quality.warnings:
        _WARNINGS.labels(warning).inc()


def serve(port: int) -> None:
    """Answer ``/metrics`` on this port for all processes of this worker, from a thread of this one."""
    registry = CollectorRegistry()
    registry.register(ProcessesCollector())
    start_http_server(port, registry=registry)
