"""The supervision of a worker that runs no jobs: of housekeeping, and of webhooks."""

from celery import Celery

from shared.redis.connections import heartbeat_redis
from shared.settings import Settings
from worker.supervision.bootstep import supervision_step
from worker.supervision.heartbeat import heartbeat_step
from worker.supervision.reaper import Reaper
from worker.supervision.watchdog import Watchdog

_SILENCE = 120.0
"""Seconds that the consumer may be silent: longer than the tasks take that it waits for when it stops."""


def supervise(app: Celery, settings: Settings) -> None:
    """Add the steps that run the reaper, give heartbeats, and end the worker if it is stuck."""
    redis, watchdog = heartbeat_redis(settings.workers_redis_url), Watchdog(_SILENCE)
    app.steps["worker"].add(supervision_step(redis, Reaper(app, redis, settings), watchdog))
    app.steps["consumer"].add(heartbeat_step(redis, watchdog))
