"""What the service is, and whether it works."""

import asyncio

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST
from redis.exceptions import RedisError

from api.auth.dependencies import Watcher
from api.http.problems import RETRY_AFTER
from api.jobs.services import ServicesDep
from api.monitoring import metrics
from api.openapi.responses import health_responses, history_responses, load_responses
from shared.errors import ServiceError
from shared.schemas import Health, LoadHistory, QueueLoad, SystemLoad

router = APIRouter(tags=["service"])


@router.get("/health/live", summary="Does this process answer?", responses=health_responses("live"))
async def live() -> Health:
    """Answer as long as the process can: restart it when this fails."""
    return Health(status="live")


@router.get("/health/accepting", summary="Will a job be accepted?", responses=health_responses("accepting"))
async def accepting(services: ServicesDep) -> Health:
    """Answer 200 only if Redis answers: then a job is accepted, even if it has to wait for a worker."""
    try:
        await services.intake.load()
    except RedisError as error:
        raise ServiceError("unavailable", headers=RETRY_AFTER) from error
    return Health(status="accepting")


@router.get("/health/ready", summary="Will a job be done?", responses=health_responses("ready"))
async def ready(services: ServicesDep) -> Health:
    """Answer 200 only if Redis answers and at least one worker has said within the last 30 s that it consumes."""
    try:
        workers = (await services.intake.load()).workers
    except RedisError as error:
        raise ServiceError("unavailable", headers=RETRY_AFTER) from error
    if workers == 0:
        raise ServiceError("unavailable", headers=RETRY_AFTER)
    return Health(status="ready")


@router.get("/stats", summary="How loaded is it?", responses=load_responses())
async def stats(services: ServicesDep, _: Watcher) -> SystemLoad:
    """Return what waits and runs, how many workers consume, and what the last minute was like."""
    load = await services.intake.load()
    return SystemLoad(
        queues={
            queue: QueueLoad(waiting=waiting, oldest_seconds=round(load.oldest[queue], 1))
            for queue, waiting in load.waiting.items()
        },
        running=load.running,
        postponed=load.postponed,
        workers=load.workers,
        workers_unconfined=load.unconfined,
        callbacks_pending=load.callbacks,
        requests_waiting=services.waiting.count,
        max_open_jobs=services.settings.max_open_jobs,
        ended_last_minute=load.ended,
        ended_per_second=round(load.per_second, 2),
        mean_wait_seconds=round(load.mean_wait, 3),
    )


@router.get(metrics.PATH, summary="Figures for Prometheus", include_in_schema=False)
async def figures(services: ServicesDep, _: Watcher) -> Response:
    """Return this process's figures and, if Redis answers, the system's."""
    try:
        known = await services.intake.load(), await services.intake.totals()
    except RedisError:
        known = None
    system = metrics.SystemCollector(known, services.waiting.count)
    # In a thread: it reads a file of each process.
    return Response(await asyncio.to_thread(metrics.exposition, system), media_type=CONTENT_TYPE_LATEST)


@router.get("/stats/history", summary="How loaded was it?", responses=history_responses())
async def history(services: ServicesDep, _: Watcher) -> LoadHistory:
    """Return the last hour, minute by minute: what ended, failed and waited, and how the queues stood."""
    return await services.history.read()
