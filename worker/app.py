"""The Celery application of the job worker: configuration, signals and the resources of each pool process.

Start it with ``python -m worker`` or ``celery -A worker.app worker``.
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
from worker.handlers.handler import HandlerContext
from worker.memory_limit import data_size
from worker.runner import JobRunner
from worker.sandbox import confine, has_replaced_directory, log_status, missing_protections, policy_from_settings
from worker.supervision.bootstep import supervision_step
from worker.supervision.heartbeat import heartbeat_step
from worker.supervision.job_request import job_request
from worker.supervision.pool import GuardedPool
from worker.supervision.rate_limit import apply_rate_limits_at_once
from worker.supervision.reaper import Reaper
from worker.supervision.revocation import cancel_when_revoked
from worker.supervision.watchdog import Watchdog
from worker.vision import Limits, QualityLimits, load_engine, preload
from worker.vision.allocator import keep_memory

log = logs.get_logger(__name__)

_GRACE = 3
"""Seconds from the soft time limit, which fails a job as ``timed_out``, to the hard limit, which kills its process."""

_WATCHDOG_MARGIN = 30
"""Seconds without a heartbeat that the watchdog allows in addition to the job time limit."""

_LOAD_TIMEOUT = 60  # seconds for a pool process to load its models


def create_app(settings: Settings) -> Celery:
    """Return the worker's Celery application.

    Raises
    ------
    SetupError
        ``REDIS_URL`` is not set.

    """
    app = celery_app(
        settings.workers_redis_url,
        settings.redis_namespace,
        worker_pool=f"{GuardedPool.__module__}:{GuardedPool.__name__}",
        worker_concurrency=settings.worker_processes or _available_cores(),
        task_soft_time_limit=settings.job_time_limit,
        task_time_limit=settings.job_time_limit + _GRACE,
        worker_proc_alive_timeout=_LOAD_TIMEOUT,
    )
    redis = heartbeat_redis(settings.workers_redis_url)
    execution, watchdog = Execution.from_settings(redis, settings), Watchdog(settings.job_time_limit + _WATCHDOG_MARGIN)

    def serve_metrics() -> None:
        if settings.metrics_port:
            metrics.serve_metrics(settings.metrics_port)

    reaper = Reaper(app, redis, settings)
    app.steps["worker"].add(supervision_step(redis, reaper, watchdog, execution, serve_metrics))
    workers = Workers(redis, RedisKeys(settings.redis_namespace))
    app.steps["consumer"].add(heartbeat_step(redis, watchdog, workers, lambda: not _missing_protections()))
    tasks.register(app, job_request(execution))
    cancel_when_revoked(execution)
    apply_rate_limits_at_once()
    return app


def load_process_state(settings: Settings) -> tasks.ProcessState:
    """Load the resources that one pool process needs to run jobs.

    Raises
    ------
    worker.vision.ModelError
        A model is missing or corrupt.

    """
    cv2.setNumThreads(1)  # one process per core: more threads would compete for cores
    engine = load_engine(settings.vision_engine, settings.model_dir, settings.vision_provider, encoder_choice(settings))
    if engine.provider != settings.vision_provider:
        log.warning(
            "inference provider differs from VISION_PROVIDER", asked=settings.vision_provider, provider=engine.provider
        )
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
        HandlerContext(engine, limits, quality_limits, default_threshold(settings, engine.calibration)),
        memory=settings.document_memory,
    )
    return tasks.ProcessState(runner, Webhooks(redis, RedisKeys(settings.redis_namespace)))


@cache
def _missing_protections() -> tuple[str, ...]:
    """Return the parts of the sandbox that this worker lacks. The main process tests them once."""
    settings = get_settings()
    return missing_protections(enabled=settings.decoder_sandbox, accelerated=settings.vision_provider != "cpu")


def _available_cores() -> int:
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
    log_status(_missing_protections(), unix_socket=settings.workers_redis_url.startswith("unix:"))


@signals.celeryd_after_setup.connect
def _check_pool(instance: WorkController, **_: Any) -> None:
    pool: type = vars(instance)["pool_cls"]
    if not issubclass(pool, GuardedPool):
        log.warning("decoders run without a sandbox: remove the --pool option", pool=pool.__name__)


@signals.worker_init.connect
def _preload(**_: Any) -> None:
    preload()


@signals.worker_process_init.connect
def _load(**_: Any) -> None:
    settings = get_settings()
    keep_memory()
    state = load_process_state(settings)
    data_size()  # opens a file that the sandbox makes inaccessible
    audit.close()  # only the reaper writes the audit log, in the main process
    if settings.decoder_sandbox:
        policy = policy_from_settings(settings)
        confine(policy)
        state = replace(state, is_outdated=lambda: has_replaced_directory(policy))
    tracing.configure(settings, "nsfas-worker")  # starts a thread, so it runs after the sandbox is in place
    tasks.use(state)


@signals.worker_process_shutdown.connect
def _flush_traces(**_: Any) -> None:
    tracing.flush()


app = create_app(get_settings())
