"""Publishes accepted jobs in a separate thread, because publishing with Celery blocks."""

from concurrent.futures import ThreadPoolExecutor

from celery import Celery
from kombu.exceptions import OperationalError

from shared import queue
from shared.jobs import Job
from shared.logs import get_logger

log = get_logger(__name__)


class Publisher:
    """Publishes jobs one after another.

    A job is accepted once its record is written. If its message is not published, because the broker is unreachable or
    this process is killed, the reaper publishes it.
    """

    def __init__(self, celery: Celery) -> None:
        self._celery = celery
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="publisher")

    def publish_soon(self, job: Job) -> None:
        """Publish a job in the background."""
        self._thread.submit(self._publish, job)

    def close(self) -> None:
        """Publish the remaining jobs, then stop."""
        self._thread.shutdown()

    def _publish(self, job: Job) -> None:
        try:
            queue.publish(self._celery, job.id, job.queue)
        except OperationalError as error:
            log.warning("accepted job not published; the reaper will publish it", job_id=job.id, error=str(error))
