"""The Celery configuration that both sides share. A message carries a job's id alone: it only wakes a worker."""

from typing import Any
from urllib.parse import quote, urlsplit

from celery import Celery
from kombu import Queue

from shared.settings import Settings

INTERACTIVE = "interactive"
"""Somebody is waiting; emptied first."""

BULK = "bulk"

QUEUES = (INTERACTIVE, BULK)  # in the order in which workers empty them

TASK = "jobs.run"

_SOCKET_TIMEOUT = 5.0  # seconds; a publisher must not hang on a broker that went away


def broker_url(redis_url: str) -> str:
    """Return the URL for Celery; it writes that of a Unix socket in its own way."""
    parts = urlsplit(redis_url)
    return f"redis+socket://{quote(parts.path)}" if parts.scheme == "unix" else redis_url


def celery_app(settings: Settings, redis_url: str, **worker: Any) -> Celery:
    """Return a Celery application for publishing or, with the worker's own settings added, for consuming."""
    app = Celery("nsfas", broker=broker_url(redis_url))
    app.conf.update(
        task_queues=[Queue(name) for name in QUEUES],
        task_default_queue=BULK,
        task_ignore_result=True,  # results are in the job's record
        task_serializer="json",
        accept_content=["json"],
        broker_connection_retry_on_startup=True,
        broker_transport_options={
            # Queues in the order given, strictly, rather than in turn.
            "queue_order_strategy": "priority",
            # A message that a vanished worker held comes back after this; leases and the sweep are faster.
            "visibility_timeout": 2 * settings.job_time_limit * settings.max_attempts,
            "socket_timeout": _SOCKET_TIMEOUT,
            "socket_connect_timeout": _SOCKET_TIMEOUT,
        },
        **worker,
    )
    return app


def publish(app: Celery, job_id: str, queue: str) -> None:
    """Wake a worker for a job, blocking.

    Raises
    ------
    kombu.exceptions.OperationalError
        The broker cannot be reached. The job's record stands, and the sweep will wake a worker for it.

    """
    app.send_task(TASK, args=[job_id], queue=queue, retry=False)
