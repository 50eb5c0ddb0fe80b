"""The Celery application of housekeeping. It has one thread; the reaper of any worker publishes its tasks."""

from typing import Any

from celery import Celery, signals

from shared import audit, logs
from shared.blobs import BlobStore
from shared.jobs import Cleanup
from shared.queue import CLEANUP_TASK, HOUSEKEEPING, celery_app
from shared.redis.connections import worker_redis
from shared.settings import Settings, get_settings
from worker.housekeeping.cleanup import clean_storage
from worker.supervision.auxiliary import add_supervision


def create_app(settings: Settings) -> Celery:
    """Return the application.

    Raises
    ------
    SetupError
        ``REDIS_URL`` is not set.

    """
    app = celery_app(
        settings.workers_redis_url,
        settings.redis_namespace,
        (HOUSEKEEPING,),
        worker_pool="threads",
        worker_concurrency=1,
    )
    add_supervision(app, settings)
    cleanup = Cleanup.from_settings(worker_redis(settings.workers_redis_url), settings)
    blobs = BlobStore.from_settings(settings)

    def run_cleanup() -> None:
        """Delete expired and orphaned blobs from the object store."""
        clean_storage(cleanup, blobs)

    app.task(name=CLEANUP_TASK)(run_cleanup)
    return app


@signals.setup_logging.connect
def _configure_logging(**_: Any) -> None:
    logs.configure(get_settings())
    audit.configure(get_settings())


app = create_app(get_settings())
