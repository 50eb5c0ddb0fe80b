"""Health checks, load and metrics."""

import asyncio

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST
from redis.exceptions import RedisError

from api.auth.dependencies import StatsReader
from api.http.problems import RETRY_AFTER
from api.monitoring import metrics
from api.openapi.responses import health_responses, history_responses, load_responses
from api.routes.dependencies import ServicesDep
from shared.errors import ServiceError
from shared.schemas import Health
from shared.stats_schemas import LoadHistory, QueueLoad, SystemLoad

router = APIRouter(tags=["service"])


@router.get("/health/live", summary="Check liveness", responses=health_responses("live"))
async def live() -> Health:
    """Respond as long as the process works. If this fails, restart the process."""
    return Health(status="live")


@router.get("/health/accepting", summary="Check whether jobs are accepted", responses=health_responses("accepting"))
async def accepting(services: ServicesDep) -> Health:
    """Respond with 200 if Redis responds. Jobs are then accepted, even if no worker is running."""
    try:
        await services.jobs.load()
    except RedisError as error:
        raise ServiceError("unavailable", headers=RETRY_AFTER) from error
    return Health(status="accepting")


@router.get("/health/ready", summary="Check whether jobs are processed", responses=health_responses("ready"))
async def ready(services: ServicesDep) -> Health:
    """Respond with 200 if Redis responds and at least one worker has sent a heartbeat within the last 30 s."""
    try:
        workers = (await services.jobs.load()).workers
    except RedisError as error:
        raise ServiceError("unavailable", headers=RETRY_AFTER) from error
    if workers == 0:
        raise ServiceError("unavailable", headers=RETRY_AFTER)
    return Health(status="ready")


@router.get("/stats", summary="Get the current load", responses=load_responses())
async def stats(services: ServicesDep, _: StatsReader) -> SystemLoad:
    """Return queues, running jobs, the rates of the last minute, workers, the last failures, and the state of Redis."""
    load, state = await services.jobs.load(), await services.operations.read()
    return SystemLoad(
        queues={
            queue: QueueLoad(waiting=waiting, oldest_seconds=round(load.oldest[queue], 1))
            for queue, waiting in load.waiting.items()
        },
        running=load.running,
        postponed=load.postponed,
        workers=load.workers,
        workers_unconfined=load.unconfined,
        callbacks_pending=load.webhooks,
        requests_waiting=services.notifications.count,
        max_open_jobs=services.settings.max_open_jobs,
        ended_last_minute=load.ended,
        ended_per_second=round(load.per_second, 2),
        mean_wait_seconds=round(load.mean_wait, 3),
        as_of=state.at,
        redis=state.redis,
        worker_list=state.workers,
        failures=state.failures,
        grafana_url=services.settings.grafana_url,
    )


@router.get(metrics.PATH, summary="Get Prometheus metrics", include_in_schema=False)
async def prometheus_metrics(services: ServicesDep, _: StatsReader) -> Response:
    """Return the metrics of this service and, if Redis responds, of the whole system."""
    try:
        state = await services.jobs.load(), await services.jobs.totals()
    except RedisError:
        state = None
    system = metrics.SystemCollector(state, services.notifications.count)
    # In a thread, because it reads files.
    return Response(await asyncio.to_thread(metrics.exposition, system), media_type=CONTENT_TYPE_LATEST)


@router.get("/stats/history", summary="Get the load of the last hour", responses=history_responses())
async def history(services: ServicesDep, _: StatsReader) -> LoadHistory:
    """Return the load for each minute of the last hour: ended and failed jobs, waiting times, queues and workers."""
    return await services.load_recorder.read()
