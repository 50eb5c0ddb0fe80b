"""The Celery application: its settings, its signals, and what each process of its pool holds.

``python -m worker`` starts it, and so does ``celery -A worker.app worker``.
"""

import os
from typing import Any

import cv2
from celery import Celery, signals

from shared import audit, logs, tracing
from shared.blobs import BlobStore
from shared.connections import pulse_redis, worker_redis
from shared.errors import SetupError
from shared.jobs import Execution, Recovery
from shared.queue import celery_app
from shared.settings import Settings, get_settings
from worker import tasks
from worker.encoders import default_threshold, encoder_choice, warn_of_unequal_error_rates
from worker.heart import Heart
from worker.keeper import keeper_step
from worker.pulse import pulse_step
from worker.request import job_request
from worker.runner import JobRunner
from worker.vision import Limits, QualityLimits, load_engine
from worker.vision.allocator import keep_memory

log = logs.get_logger(__name__)

_GRACE = 3
"""Seconds between the soft time limit, which ends a job as ``timed_out``, and the hard one, which kills its process."""

_PATIENCE = 30
"""Seconds beyond a job's time limit for which the consumer may be silent."""

_LOAD_TIMEOUT = 60  # seconds that a pool process may take to load its models


def create_app(settings: Settings) -> Celery:
    """Return the worker's Celery application.

    Raises
    ------
    SetupError
        No Redis is named.

    """
    if settings.redis_url is None:
        raise SetupError("REDIS_URL is not set: name the Redis server that the API uses")
    app = celery_app(
        settings.redis_url,
        worker_concurrency=settings.worker_processes or _cores(),
        # Of one message, whose last job may begin as late as the stint ends.
        task_soft_time_limit=settings.job_time_limit + tasks.STINT,
        task_time_limit=settings.job_time_limit + tasks.STINT + _GRACE,
        worker_proc_alive_timeout=_LOAD_TIMEOUT,
    )
    execution = Execution.configured(pulse_redis(settings.redis_url), settings)
    recovery = Recovery.configured(pulse_redis(settings.redis_url), settings)
    heart = Heart(settings.job_time_limit + _PATIENCE)
    app.steps["worker"].add(keeper_step(app, execution, recovery, heart, settings.metrics_port))
    app.steps["consumer"].add(pulse_step(recovery, heart))
    tasks.register(app, job_request(execution))
    return app


def create_holdings(settings: Settings) -> tasks.Holdings:
    """Load what one process needs to run jobs.

    Raises
    ------
    worker.vision.ModelError
        A model is missing or corrupt.

    """
    cv2.setNumThreads(1)  # processes scale with cores; threads of each would compete for them
    engine = load_engine(settings.vision_engine, settings.model_dir, settings.vision_provider, encoder_choice(settings))
    if engine.provider != settings.vision_provider:
        log.warning("networks run elsewhere than asked", asked=settings.vision_provider, provider=engine.provider)
    assert settings.redis_url is not None  # noqa: S101 - create_app has checked
    redis, blobs = worker_redis(settings.redis_url), BlobStore.configured(settings)
    limits = Limits(settings.max_pages, settings.max_pixels, frozenset(settings.accepted_formats))
    quality_limits = QualityLimits(
        min_eye_distance=settings.quality_min_eye_distance,
        min_sharpness=settings.quality_min_sharpness,
        min_luminance=settings.quality_min_luminance,
        max_luminance=settings.quality_max_luminance,
        min_dynamic_range=settings.quality_min_dynamic_range,
        max_glare=settings.quality_max_glare,
        max_pose=settings.quality_max_pose,
    )
    recovery = Recovery.configured(redis, settings)
    runner = JobRunner(
        Execution.configured(redis, settings),
        recovery,
        blobs,
        engine,
        limits=limits,
        memory=settings.document_memory,
        quality_limits=quality_limits,
        threshold=default_threshold(settings, engine.calibration),
    )
    return tasks.Holdings(runner, recovery, blobs)


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@signals.setup_logging.connect
def _configure_logging(**_: Any) -> None:
    logs.configure(get_settings())
    audit.configure(get_settings())
    warn_of_unequal_error_rates(get_settings())


@signals.worker_process_init.connect
def _load(**_: Any) -> None:
    keep_memory()
    tracing.configure(get_settings(), "nsfas-worker")
    tasks.use(create_holdings(get_settings()))


@signals.worker_process_shutdown.connect
def _leave(**_: Any) -> None:
    tracing.flush()


app = create_app(get_settings())
