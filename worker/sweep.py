"""Recovery: what a lost worker, a lost message or a lost moment left behind."""

from celery import Celery

from shared import queue
from shared.jobs import Recovery
from shared.logs import get_logger

log = get_logger(__name__)


def sweep(app: Celery, recovery: Recovery) -> None:
    """Give lost jobs to another worker, and wake workers for whatever nobody was told of.

    Safe to run anywhere and any number of times: each step is decided in the records.

    Raises
    ------
    redis.exceptions.RedisError, kombu.exceptions.OperationalError
        Redis went away; the next sweep goes on.

    """
    recovered = recovery.recover()
    overdue = recovery.overdue()
    for job_id, name in {**dict.fromkeys(recovered, queue.INTERACTIVE), **overdue}.items():
        queue.publish(app, job_id, name)
    callbacks = recovery.due_callbacks()
    for job_id in callbacks:
        queue.publish_callback(app, job_id)
    if recovery.cleaning_turn():
        queue.publish_cleaning(app)
    if recovered or overdue:
        log.warning("workers woken again", put_back=len(recovered), overdue=len(overdue))
