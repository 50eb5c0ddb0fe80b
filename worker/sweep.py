"""Recovery: what a lost worker, a lost message or a lost moment left behind."""

from celery import Celery

from shared import queue
from shared.blobs import BlobStore
from shared.jobs import Execution
from shared.logs import get_logger

log = get_logger(__name__)


def sweep(app: Celery, execution: Execution, blobs: BlobStore) -> None:
    """Give lost jobs to another worker, wake workers for jobs nobody was told of, and remove what is due.

    Safe to run anywhere and any number of times: each step is decided in the job's record.
    """
    recovered = execution.recover()
    lost = execution.unpublished()
    for job_id, name in dict([*recovered, *lost]).items():
        queue.publish(app, job_id, name)
    if recovered or lost:
        log.warning("jobs published again", lease_ran_out=len(recovered), message_lost=len(lost))
    paths = execution.expired_blobs()
    blobs.delete_now(paths)
    execution.forget_blobs(paths)
