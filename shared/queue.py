"""The Celery configuration that the API and all workers share.

A message carries the id of a job, and its task has the same id. The record of the job is the source of truth: a
duplicate message changes nothing, and the reaper publishes a lost message again.
"""

from typing import Any
from urllib.parse import quote, urlsplit

from celery import Celery
from kombu import Queue
from kombu.transport.redis import Channel
from redis.connection import parse_url
from redis.retry import Retry

from shared.redis.connections import sentinel_arguments
from shared.redis.sentinel import SentinelUrl, login_for_url

INTERACTIVE = "interactive"
"""Jobs that a client is waiting for. This queue is emptied first."""

BULK = "bulk"
"""Jobs whose result is fetched later."""

QUEUES = (INTERACTIVE, BULK)
"""The queues of jobs."""

HOUSEKEEPING = "housekeeping"
"""Storage cleanup. It has its own worker, so it never delays documents."""

CALLBACKS = "callbacks"
"""Webhooks. They have their own worker, so slow receivers never delay documents."""

RUN_TASK = "jobs.run"
CLEANUP_TASK = "storage.clean"
WEBHOOK_TASK = "callbacks.send"

_SOCKET_TIMEOUT = 5.0  # seconds; a publisher must not hang if the broker is unreachable

# The record, not Celery, returns an unfinished job to its queue. When a worker loses its connection, Celery would
# publish the messages of its running jobs again. While Redis does not respond, each of them would fail in turn, and
# Celery would write them to a file in TMPDIR that nothing removes. There is no transport option for this.
Channel.do_restore = False


def broker_url(redis_url: str) -> str:
    """Return the URL for Celery, which has its own format for Unix sockets, Sentinels and TLS."""
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
    parse: Any = parse_url  # it has no annotations
    parts = parse(redis_url)
    login = login_for_url(parts.get("username"), parts.get("password"))
    return f"redis+socket://{login}{quote(parts['path'])}?virtual_host={parts.get('db', 0)}"


def celery_app(redis_url: str, namespace: str, queues: tuple[str, ...] = QUEUES, **worker: Any) -> Celery:
    """Return a Celery application for publishing or, with further worker settings, for consuming.

    Parameters
    ----------
    redis_url
        The broker, in the format of ``REDIS_URL``.
    namespace
        Prefix of all keys and channels, ``REDIS_NAMESPACE``.
    queues
        Queues that a worker of this application consumes, in order of priority.
    worker
        Further settings of Celery.

    """
    app, group = Celery("nsfas", broker=broker_url(redis_url)), SentinelUrl.parse(redis_url)
    app.conf.update(
        task_queues=[Queue(name) for name in queues],
        task_default_queue=queues[-1],
        task_ignore_result=True,  # results are in the record of the job
        task_serializer="json",
        accept_content=["json"],
        task_acks_late=True,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        broker_transport_options={
            # Strict priority in the order given, not round robin.
            "queue_order_strategy": "priority",
            # Redis keeps no copy of a received message. The copy of a killed worker would return after an hour, and the
            # reaper publishes the job much sooner.
            "ack_emulation": False,
            "priority_steps": [0],  # one list a queue, not one for each priority of Celery
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
    """Publish a job, blocking. The task has the id of the job, so that Celery's tools accept the job id.

    Raises
    ------
    kombu.exceptions.OperationalError
        The broker cannot be reached. The reaper publishes the message later.

    """
    _send(app, RUN_TASK, queue, [job_id], job_id)


def publish_webhook(app: Celery, job_id: str) -> None:
    """Publish a webhook, blocking; raises as :func:`publish` does, and the reaper publishes it later.

    The id of the task differs from the id of the job, so that revoking the job does not revoke its webhook.
    """
    _send(app, WEBHOOK_TASK, CALLBACKS, [job_id], f"{job_id}-callback")


def publish_cleanup(app: Celery) -> None:
    """Publish a request for storage cleanup, blocking; raises as :func:`publish` does."""
    _send(app, CLEANUP_TASK, HOUSEKEEPING, [], None)


def queue_length(app: Celery, name: str) -> int:
    """Return the number of messages in a queue that were not received yet, blocking; raises as :func:`publish` does."""
    with app.connection_or_acquire() as connection:
        # Not passive, because kombu 5.7 then omits the prefix of the key and never finds the list.
        return int(connection.default_channel.queue_declare(queue=name).message_count)


def _send(app: Celery, task: str, queue: str, args: list[str], task_id: str | None) -> None:
    # The queue itself, not its name: workers of this application would start to consume a queue with an unknown name.
    target: Any = Queue(queue)
    app.send_task(task, args=args, task_id=task_id, queue=target, retry=False)
