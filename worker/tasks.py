"""The Celery task: passes the id of a job to the runner of this process."""

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
from shared.jobs.holders import process_name
from shared.logs import get_logger, reason
from shared.queue import RUN_TASK, publish_webhook
from worker.runner import JobRunner

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ProcessState:
    """The objects of a pool process. They are loaded once per process, not once per task.

    Attributes
    ----------
    runner, webhooks
        The job runner, and the webhooks to publish.
    is_outdated
        Whether the directory that this process is confined to has been replaced.

    """

    runner: JobRunner
    webhooks: Webhooks
    is_outdated: Callable[[], bool] = lambda: False


class RedisFailedError(Exception):
    """Redis failed or did not answer while a job ran. Its lease will expire."""


_state: ProcessState | None = None


def use(state: ProcessState) -> None:
    """Set the objects that tasks of this process use."""
    global _state  # noqa: PLW0603 - Celery has no other place for objects of a pool process
    _state = state


def register(app: Celery, request: type[Request]) -> None:
    """Add the task to an application."""
    app.task(name=RUN_TASK, bind=True, Request=request)(run)


def run(task: "Task[Any, Any]", job_id: str) -> str:
    """Run a job. Celery's tools show the outcome that is returned.

    Raises
    ------
    RedisFailedError
        Has one line. A traceback can be larger than the buffer of the pipe to the main process. If the main process met
        the same failure and stops, it does not read from the pipe any more, and both would wait forever.

    """
    if _state is None:
        raise RuntimeError("this process has not loaded its models")
    try:
        attempt = _state.runner.run(job_id, process_name(str(task.request.hostname), os.getpid()))
    except RedisError as error:
        raise RedisFailedError(reason(error)) from None
    if attempt.postponed and _state.is_outdated():
        log.warning("the directory of the object store was replaced, process exits")
        os.kill(os.getpid(), signal.SIGKILL)
    if attempt.ended and attempt.ended.callback is not None:
        try:
            if _state.webhooks.mark_published(job_id):
                publish_webhook(task.app, job_id)
        except (RedisError, OperationalError) as error:
            log.warning("webhook not published, the reaper will publish it", job_id=job_id, error=reason(error))
    return attempt.outcome
