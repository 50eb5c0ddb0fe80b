"""Supervision of the workers that run no jobs: housekeeping and webhooks."""

from celery import Celery

from shared.redis.connections import heartbeat_redis
from shared.settings import Settings
from worker.supervision.bootstep import supervision_step
from worker.supervision.heartbeat import heartbeat_step
from worker.supervision.reaper import Reaper
from worker.supervision.watchdog import Watchdog

_WATCHDOG_TIMEOUT = 120.0
"""Seconds without a heartbeat that the watchdog allows: longer than the tasks that a stopping worker waits for."""


def add_supervision(app: Celery, settings: Settings) -> None:
    """Add the bootsteps for the reaper, the heartbeat and the watchdog."""
    redis, watchdog = heartbeat_redis(settings.workers_redis_url), Watchdog(_WATCHDOG_TIMEOUT)
    app.steps["worker"].add(supervision_step(redis, Reaper(app, redis, settings), watchdog))
    app.steps["consumer"].add(heartbeat_step(redis, watchdog))
