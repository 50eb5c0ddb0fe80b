"""The task: thin, it hands the job's id to what this process holds."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from celery import Celery, Task
from celery.worker.request import Request
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from shared.jobs import Webhooks
from shared.logs import get_logger, reason
from shared.queue import RUN_TASK, publish_webhook
from worker.runner import JobRunner
from worker.supervision.job_request import process_name

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Holdings:
    """What each process of the pool holds: loaded once a process, not once a task."""

    runner: JobRunner
    callbacks: Webhooks
    is_outdated: Callable[[], bool] = lambda: False
    """Whether this process is confined to a directory that has been replaced since."""


class RedisFailedError(Exception):
    """Redis failed, or stayed away, while a job was run: its lease will run out."""


_holdings: Holdings | None = None


def use(holdings: Holdings) -> None:
    """Set what this process holds."""
    global _holdings  # noqa: PLW0603 - a pool process is the scope that Celery gives us
    _holdings = holdings


def register(app: Celery, request: type[Request]) -> None:
    """Add the task to an application."""
    app.task(name=RUN_TASK, bind=True, Request=request)(run)


def run(task: "Task[Any, Any]", job_id: str) -> str:
    """Run this job; return its outcome, which Celery's tools show.

    Raises
    ------
    RedisFailedError
        In one line. A whole traceback can be more than a pipe to the main process takes at once; and where that has
        met the same failure and stops, it no longer reads and would wait for this process for ever.

    """
    if _holdings is None:
        raise RuntimeError("this process has not loaded its models")
    try:
        attempt = _holdings.runner.run(job_id, process_name(str(task.request.hostname), os.getpid()))
    except RedisError as error:
        raise RedisFailedError(reason(error)) from None
    if attempt.postponed and _holdings.is_outdated():
        log.warning("the object store's directory was replaced, process ends")
        os.kill(os.getpid(), signal.SIGKILL)
    if attempt.ended and attempt.ended.callback is not None:
        try:
            if _holdings.callbacks.mark_published(job_id):
                publish_webhook(task.app, job_id)
        except (RedisError, OperationalError) as error:
            log.warning("webhook not published; the reaper will", job_id=job_id, error=reason(error))
    return attempt.outcome
