"""Publishes accepted jobs from a thread of its own: Celery blocks while it publishes, and no request needs to wait."""

from concurrent.futures import ThreadPoolExecutor

from celery import Celery
from kombu.exceptions import OperationalError

from shared import queue
from shared.jobs import Job
from shared.logs import get_logger

log = get_logger(__name__)


class Publisher:
    """Publishes one job after the other.

    A job is accepted once its record is written. If its message is not published, because the broker is away or this
    process is killed, the reaper publishes it.
    """

    def __init__(self, celery: Celery) -> None:
        self._celery = celery
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="publisher")

    def publish_soon(self, job: Job) -> None:
        """Publish a job soon; return at once."""
        self._thread.submit(self._publish, job)

    def close(self) -> None:
        """Publish what is left, then stop."""
        self._thread.shutdown()

    def _publish(self, job: Job) -> None:
        try:
            queue.publish(self._celery, job.id, job.queue)
        except OperationalError as error:
            log.warning("job accepted, but not published; the reaper will", job_id=job.id, error=str(error))
