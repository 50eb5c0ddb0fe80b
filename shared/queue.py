"""The Celery configuration that all sides share.

A message carries a job's id alone, and only wakes a worker. Which jobs it then takes is decided in the records: those
whose turn it is. So it does not matter in which order messages come, whether one comes twice, or whether one is lost
while others are left.
"""

from typing import Any
from urllib.parse import quote, urlsplit

from celery import Celery
from kombu import Queue
from redis.connection import parse_url

from shared.sentinel import SentinelUrl, login_for_url

INTERACTIVE = "interactive"
"""Somebody is waiting; emptied first."""

BULK = "bulk"

QUEUES = (INTERACTIVE, BULK)
"""The queues that jobs belong to."""

CLEANING = "cleaning"
"""Bytes to be removed from the object store: apart, since every message in the others stands for a job."""

CALLBACKS = "callbacks"
"""Receivers to be told of a job's end, by a worker of its own: slow ones must not hold up documents."""

RUN_TASK = "jobs.run"
CLEAN_TASK = "storage.clean"
CALLBACK_TASK = "callbacks.send"

_VISIBILITY_TIMEOUT = 26 * 3600
"""Seconds after which Redis hands out again what a vanished worker held. Leases and the sweep are faster for jobs, so
it only has to outlast the longest pause before a callback is tried again: the message waits for that in a worker."""

_SOCKET_TIMEOUT = 5.0  # seconds; a publisher must not hang on a broker that went away


def broker_url(redis_url: str) -> str:
    """Return the URL for Celery, which writes those of Unix sockets, of Sentinels and of TLS in its own way."""
    group = SentinelUrl.parse(redis_url)
    if group is not None:
        return group.broker
    parts = urlsplit(redis_url)
    match parts.scheme:
        case "unix":
            return _unix_broker_url(redis_url)
        case "rediss" if "ssl_cert_reqs" not in parts.query:
            return parts._replace(query="&".join(filter(None, (parts.query, "ssl_cert_reqs=required")))).geturl()
        case _:
            return redis_url


def _unix_broker_url(redis_url: str) -> str:
    read: Any = parse_url  # which has no annotations
    place = read(redis_url)
    login = login_for_url(place.get("username"), place.get("password"))
    return f"redis+socket://{login}{quote(place['path'])}?virtual_host={place.get('db', 0)}"


def celery_app(redis_url: str, queues: tuple[str, ...] = (CLEANING, *QUEUES), **worker: Any) -> Celery:
    """Return a Celery application for publishing or, with the worker's own settings added, for consuming."""
    app, group = Celery("nsfas", broker=broker_url(redis_url)), SentinelUrl.parse(redis_url)
    app.conf.update(
        task_queues=[Queue(name) for name in queues],
        task_default_queue=BULK,
        task_ignore_result=True,  # results are in the job's record
        task_serializer="json",
        accept_content=["json"],
        task_acks_late=True,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        broker_connection_retry_on_startup=True,
        broker_transport_options={
            # Queues in the order given, strictly, rather than in turn.
            "queue_order_strategy": "priority",
            "visibility_timeout": _VISIBILITY_TIMEOUT,
            "socket_timeout": _SOCKET_TIMEOUT,
            "socket_connect_timeout": _SOCKET_TIMEOUT,
            **({"master_name": group.service} if group else {}),
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
    app.send_task(RUN_TASK, args=[job_id], queue=queue, retry=False)


def publish_callback(app: Celery, job_id: str) -> None:
    """Wake the worker that tells receivers, blocking; raises as :func:`publish` does, with as little harm."""
    # The queue itself, not its name: a name that is not among the application's own would be added to those that its
    # workers consume.
    queue: Any = Queue(CALLBACKS)
    app.send_task(CALLBACK_TASK, args=[job_id], queue=queue, retry=False)


def publish_cleaning(app: Celery) -> None:
    """Have a worker remove what is due from the object store, blocking; raises as :func:`publish` does."""
    app.send_task(CLEAN_TASK, queue=CLEANING, retry=False)
