"""Makes ``celery control revoke`` and ``terminate`` cancel the job's record, not only its message.

Celery keeps revoked ids in the memory of the running workers and checks them when a message is received. This module
also cancels the record at once, so that a worker that starts later does not run the job.
"""

from typing import Any

from celery import Task, signals
from celery.app.task import Context
from celery.utils.functional import maybe_list
from celery.worker import control
from redis.exceptions import RedisError

from shared import audit
from shared.jobs import Execution
from shared.logs import get_logger
from shared.queue import RUN_TASK

log = get_logger(__name__)


def cancel_when_revoked(execution: Execution) -> None:
    """Make this worker cancel revoked jobs: a queued job at once, a running job when it is terminated."""

    def cancel(job_id: str, **how: bool) -> None:
        try:
            cancelled = execution.cancel(job_id, **how)
        except RedisError as error:  # Celery keeps the id and this runs again when the message is received
            log.warning("revoked job not cancelled", job_id=job_id, error=str(error))
            return
        if cancelled:
            audit.record("cancel", "revoked", job_id=job_id)
            log.info("job revoked", job_id=job_id)

    @control.control_command(variadic="task_id", signature="[id1 [id2 [... [idN]]]]")
    def revoke(state: object, task_id: str | list[str], **options: object) -> object:
        """Revoke task by task id (or list of ids), and cancel the job if it is queued."""
        reply = control.revoke(state, task_id, **options)  # type: ignore[attr-defined]
        cancel_queued(task_id)
        return reply

    @control.control_command(args=[("signal", str)], variadic="task_id", signature="<signal> [id1 [id2 [... [idN]]]]")
    def terminate(state: object, signal: str, task_id: str | list[str], **options: object) -> object:
        """Terminate task by task id (or list of ids), and cancel the job if it is queued."""
        reply = control.terminate(state, signal, task_id, **options)  # type: ignore[attr-defined]
        cancel_queued(task_id)
        return reply

    def cancel_queued(task_id: str | list[str]) -> None:
        for job_id in maybe_list(task_id) or []:
            cancel(str(job_id))

    def on_task_revoked(sender: "Task[Any, Any]", request: Context, *, terminated: bool, **_: Any) -> None:
        """Cancel a job whose message was received and discarded, or whose process was terminated."""
        if sender.name == RUN_TASK:
            cancel(str(request.id), running=terminated, received=True)

    signals.task_revoked.connect(on_task_revoked, weak=False)
