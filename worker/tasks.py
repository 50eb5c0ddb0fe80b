"""The tasks: thin, they hand what the message says to what this process holds."""

import time
from dataclasses import dataclass
from typing import Any

from celery import Celery, Task
from celery.worker.request import Request
from redis.exceptions import RedisError

from shared.blobs import BlobStore
from shared.jobs import Job, Recovery
from shared.logs import reason
from shared.queue import CLEAN_TASK, RUN_TASK, publish_callback
from worker.cleaning import clean
from worker.runner import JobRunner

STINT = 2.0
"""Seconds after which a process that was woken takes no further job: a stop, and the time limits, wait for no more."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """What each process of the pool holds: loaded once a process, not once a task."""

    runner: JobRunner
    recovery: Recovery
    blobs: BlobStore


class RedisFailedError(Exception):
    """Redis failed, or stayed away, while a job was run: its lease will run out."""


_holdings: Holdings | None = None


def use(holdings: Holdings) -> None:
    """Set what this process holds."""
    global _holdings  # noqa: PLW0603 - a pool process is the scope that Celery gives us
    _holdings = holdings


def register(app: Celery, request: type[Request]) -> None:
    """Add the tasks to an application."""
    app.task(name=RUN_TASK, bind=True, Request=request)(run)
    app.task(name=CLEAN_TASK)(clean_storage)


def run(task: "Task[Any, Any]", job_id: str) -> None:  # noqa: ARG001 - whom the message was sent for
    """Run the job whose turn it is, and the next, until none waits or the stint is over.

    Once a process is awake it needs no message for each job: those that are left over find nothing to do. Under load
    that spares most of what Celery and the broker cost.
    """
    until = time.monotonic() + STINT
    while (job := _next(str(task.request.id))) is not None:
        if job.callback is not None:
            publish_callback(task.app, job.id)
        if time.monotonic() >= until:
            return


def _next(holder: str) -> Job | None:
    """Run a job.

    Raises
    ------
    RedisFailedError
        In one line. A whole traceback can be more than a pipe to the main process takes at once; and where that has
        met the same failure and stops, it no longer reads and would wait for this process for ever.

    """
    try:
        return _held().runner.run(holder)
    except RedisError as error:
        raise RedisFailedError(reason(error)) from None


def clean_storage() -> None:
    """Remove from the object store what is due."""
    holdings = _held()
    clean(holdings.recovery, holdings.blobs)


def _held() -> Holdings:
    if _holdings is None:
        raise RuntimeError("this process has not loaded its models")
    return _holdings
