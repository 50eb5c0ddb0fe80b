"""The Celery configuration that all sides share.

A message carries a job's id, and the task's id is the same. The job's record is the truth: a message that comes twice
changes nothing, and one that is lost is published again by the reaper.
"""

from typing import Any
from urllib.parse import quote, urlsplit

from celery import Celery
from kombu import Queue
from redis.connection import parse_url
from redis.retry import Retry

from shared.redis.connections import sentinel_arguments
from shared.redis.sentinel import SentinelUrl, login_for_url

INTERACTIVE = "interactive"
"""Jobs that somebody is waiting for; emptied first."""

BULK = "bulk"

QUEUES = (INTERACTIVE, BULK)
"""The queues that jobs belong to."""

HOUSEKEEPING = "housekeeping"
"""Removal of bytes from the object store, by a worker of its own: never in front of a document."""

CALLBACKS = "callbacks"
"""Webhooks, by a worker of its own: slow receivers must not hold up documents."""

RUN_TASK = "jobs.run"
CLEAN_TASK = "storage.clean"
CALLBACK_TASK = "callbacks.send"

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


def celery_app(redis_url: str, namespace: str, queues: tuple[str, ...] = QUEUES, **worker: Any) -> Celery:
    """Return a Celery application for publishing or, with the worker's own settings added, for consuming.

    Parameters
    ----------
    redis_url
        The broker, as ``REDIS_URL`` names it.
    namespace
        Prefix of Celery's keys and channels, as of all others: ``REDIS_NAMESPACE``.
    queues
        Queues that a worker of this application consumes, the most urgent first.

    """
    app, group = Celery("nsfas", broker=broker_url(redis_url)), SentinelUrl.parse(redis_url)
    app.conf.update(
        task_queues=[Queue(name) for name in queues],
        task_default_queue=queues[-1],
        task_ignore_result=True,  # results are in the job's record
        task_serializer="json",
        accept_content=["json"],
        task_acks_late=True,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        broker_transport_options={
            # Queues in the order given, strictly, rather than in turn.
            "queue_order_strategy": "priority",
            "global_keyprefix": f"{{{namespace}}}:celery:",
            "socket_timeout": _SOCKET_TIMEOUT,
            "socket_connect_timeout": _SOCKET_TIMEOUT,
            **(
                {"master_name": group.service, "sentinel_kwargs": sentinel_arguments(group, _SOCKET_TIMEOUT, Retry)}
                if group
                else {}
            ),
        },
        **({"broker_use_ssl": dict(group.tls)} if group and group.tls is not None else {}),
        **worker,
    )
    return app


def publish(app: Celery, job_id: str, queue: str) -> None:
    """Publish a job, blocking. The id of the task is that of the job, so that Celery's tools take either.

    Raises
    ------
    kombu.exceptions.OperationalError
        The broker cannot be reached. The job's record stands, and the reaper publishes it again.

    """
    _send(app, RUN_TASK, queue, [job_id], job_id)


def publish_callback(app: Celery, job_id: str) -> None:
    """Publish a webhook, blocking; raises as :func:`publish` does, with as little harm.

    The task's id is not the job's: a job that is revoked has a receiver to be told of it.
    """
    _send(app, CALLBACK_TASK, CALLBACKS, [job_id], f"{job_id}-callback")


def publish_cleaning(app: Celery) -> None:
    """Publish the removal of what is due from the object store, blocking; raises as :func:`publish` does."""
    _send(app, CLEAN_TASK, HOUSEKEEPING, [], None)


def queue_length(app: Celery, name: str) -> int:
    """Return how many messages a queue has that no worker has received, blocking; raises as :func:`publish` does."""
    with app.connection_or_acquire() as connection:
        # Not passive: kombu 5.7 then looks for the list without its prefix, and never finds it.
        return int(connection.default_channel.queue_declare(queue=name).message_count)


def _send(app: Celery, task: str, queue: str, args: list[str], task_id: str | None) -> None:
    # The queue itself, not its name: a name that is not among the application's own would be added to those that its
    # workers consume.
    place: Any = Queue(queue)
    app.send_task(task, args=args, task_id=task_id, queue=place, retry=False)
