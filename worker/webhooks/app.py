"""The Celery application of the callbacks' worker: threads that wait for receivers."""

from typing import Any

from celery import Celery, signals

from shared import audit, logs, tracing
from shared.blobs import BlobStore
from shared.errors import SetupError
from shared.jobs import RedisKeys, Webhooks
from shared.queue import CALLBACKS, WEBHOOK_TASK, celery_app
from shared.redis.connections import worker_redis
from shared.settings import Settings, get_settings
from worker.supervision.auxiliary import supervise
from worker.webhooks.delivery import Delivery
from worker.webhooks.notifier import Teller

_THREADS = 16
"""Receivers that are spoken to at once: they are waited for, most of the time."""


def create_app(settings: Settings) -> Celery:
    """Return the application.

    Raises
    ------
    SetupError
        No Redis is named, or no receiver is allowed.

    """
    if settings.callback_secret is None or not settings.callback_hosts:
        raise SetupError("CALLBACK_HOSTS and CALLBACK_SECRET must both be set: callbacks are always signed")
    teller = Teller(
        Webhooks(worker_redis(settings.workers_redis_url), RedisKeys(settings.redis_namespace)),
        BlobStore.from_settings(settings),
        Delivery(
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
    supervise(app, settings)

    def send(job_id: str) -> str:
        """Tell the receiver of this job's end; the next attempt, if there must be one, is scheduled in Redis."""
        return teller.tell(job_id)

    app.task(name=WEBHOOK_TASK)(send)
    return app


@signals.setup_logging.connect
def _configure_logging(**_: Any) -> None:
    logs.configure(get_settings())
    audit.configure(get_settings())


tracing.configure(get_settings(), "nsfas-callbacks")
app = create_app(get_settings())
