"""The Celery application: its settings, its signals, and what each process of its pool holds.

``python -m worker`` starts it, and so does ``celery -A worker.app worker``.
"""

import os
from dataclasses import replace
from functools import cache
from typing import Any

import cv2
from celery import Celery, signals
from celery.worker import WorkController

from shared import audit, logs, tracing
from shared.blobs import BlobStore
from shared.jobs import Cleanup, Execution, RedisKeys, Webhooks, Workers
from shared.queue import celery_app
from shared.redis.connections import heartbeat_redis, worker_redis
from shared.settings import Settings, get_settings
from worker import metrics, tasks
from worker.encoders import default_threshold, encoder_choice, warn_of_unequal_error_rates
from worker.memory_limit import data_held
from worker.runner import JobRunner
from worker.sandbox import confine, missing, outdated, policy_of, report
from worker.supervision.bootstep import supervision_step
from worker.supervision.heartbeat import heartbeat_step
from worker.supervision.job_request import job_request
from worker.supervision.pool import GuardedPool
from worker.supervision.reaper import Reaper
from worker.supervision.revocation import cancel_when_revoked
from worker.supervision.watchdog import Watchdog
from worker.vision import Limits, QualityLimits, load_engine, preload
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
    app = celery_app(
        settings.workers_redis_url,
        settings.redis_namespace,
        worker_pool=f"{GuardedPool.__module__}:{GuardedPool.__name__}",
        worker_concurrency=settings.worker_processes or _cores(),
        task_soft_time_limit=settings.job_time_limit,
        task_time_limit=settings.job_time_limit + _GRACE,
        worker_proc_alive_timeout=_LOAD_TIMEOUT,
    )
    redis = heartbeat_redis(settings.workers_redis_url)
    execution, watchdog = Execution.from_settings(redis, settings), Watchdog(settings.job_time_limit + _PATIENCE)

    def serve_metrics() -> None:
        if settings.metrics_port:
            metrics.serve(settings.metrics_port)

    reaper = Reaper(app, redis, settings)
    app.steps["worker"].add(supervision_step(redis, reaper, watchdog, execution, serve_metrics))
    workers = Workers(redis, RedisKeys(settings.redis_namespace))
    app.steps["consumer"].add(heartbeat_step(redis, watchdog, workers, lambda: not _lacking()))
    tasks.register(app, job_request(execution))
    cancel_when_revoked(execution)
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
    redis = worker_redis(settings.workers_redis_url)
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
    runner = JobRunner(
        Execution.from_settings(redis, settings),
        Cleanup.from_settings(redis, settings),
        BlobStore.from_settings(settings),
        engine,
        limits=limits,
        memory=settings.document_memory,
        quality_limits=quality_limits,
        threshold=default_threshold(settings, engine.calibration),
    )
    return tasks.Holdings(runner, Webhooks(redis, RedisKeys(settings.redis_namespace)))


@cache
def _lacking() -> tuple[str, ...]:
    """Return what of the wall around the decoders this worker lacks; tried out once, in its main process."""
    settings = get_settings()
    return missing(enabled=settings.decoder_sandbox, accelerated=settings.vision_provider != "cpu")


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@signals.setup_logging.connect
def _configure_logging(**_: Any) -> None:
    settings = get_settings()
    logs.configure(settings)
    audit.configure(settings)
    warn_of_unequal_error_rates(settings)
    report(_lacking(), unix_socket=settings.workers_redis_url.startswith("unix:"))


@signals.celeryd_after_setup.connect
def _check_pool(instance: WorkController, **_: Any) -> None:
    pool: type = vars(instance)["pool_cls"]
    if not issubclass(pool, GuardedPool):
        log.warning("decoders are not confined: leave --pool out", pool=pool.__name__)


@signals.worker_init.connect
def _preload(**_: Any) -> None:
    preload()


@signals.worker_process_init.connect
def _load(**_: Any) -> None:
    settings = get_settings()
    keep_memory()
    holdings = create_holdings(settings)
    data_held()  # opens a file that is out of reach afterwards
    audit.close()  # the reaper writes it, in the main process
    if settings.decoder_sandbox:
        policy = policy_of(settings)
        confine(policy)
        holdings = replace(holdings, is_outdated=lambda: outdated(policy))
    tracing.configure(settings, "nsfas-worker")  # starts a thread, which is confined as well
    tasks.use(holdings)


@signals.worker_process_shutdown.connect
def _leave(**_: Any) -> None:
    tracing.flush()


app = create_app(get_settings())
