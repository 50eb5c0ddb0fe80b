"""The Celery application of the webhook worker. Its threads mostly wait for receivers."""

from typing import Any

from celery import Celery, signals

from shared import audit, logs, tracing
from shared.blobs import BlobStore
from shared.errors import SetupError
from shared.jobs import RedisKeys, Webhooks
from shared.queue import CALLBACKS, WEBHOOK_TASK, celery_app
from shared.redis.connections import worker_redis
from shared.settings import Settings, get_settings
from worker.supervision.auxiliary import add_supervision
from worker.webhooks.delivery import WebhookClient
from worker.webhooks.notifier import WebhookNotifier

_THREADS = 16
"""Concurrent deliveries. A delivery spends most of its time waiting for the receiver."""


def create_app(settings: Settings) -> Celery:
    """Return the application.

    Raises
    ------
    SetupError
        ``REDIS_URL``, ``CALLBACK_HOSTS`` or ``CALLBACK_SECRET`` is not set.

    """
    if settings.callback_secret is None or not settings.callback_hosts:
        raise SetupError("Set both CALLBACK_HOSTS and CALLBACK_SECRET. Webhooks are always signed.")
    notifier = WebhookNotifier(
        Webhooks(worker_redis(settings.workers_redis_url), RedisKeys(settings.redis_namespace)),
        BlobStore.from_settings(settings),
        WebhookClient(
            settings.callback_secret.get_secret_value(),
            authorities=settings.callback_ca,
            allow_loopback=settings.callback_allow_loopback,
        ),
    )
    app = celery_app(
        settings.workers_redis_url,
        settings.redis_namespace,
        (CALLBACKS,),
        worker_pool="threads",
        worker_concurrency=_THREADS,
    )
    add_supervision(app, settings)

    def send(job_id: str) -> str:
        """Deliver the webhook of this job. If the attempt fails, the next one is scheduled in Redis."""
        return notifier.notify(job_id)

    app.task(name=WEBHOOK_TASK)(send)
    return app


@signals.setup_logging.connect
def _configure_logging(**_: Any) -> None:
    logs.configure(get_settings())
    audit.configure(get_settings())


tracing.configure(get_settings(), "nsfas-callbacks")
app = create_app(get_settings())
