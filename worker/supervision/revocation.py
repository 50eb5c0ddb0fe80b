"""``celery control revoke`` and ``terminate`` cancel the job, too: its record, not only its message.

Celery keeps revoked ids in the memory of the workers that run at that moment, and asks it when a message is received.
The record is cancelled at once instead, so that a worker that starts later knows it as well.
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
    """Have this worker cancel jobs that are revoked: waiting ones at once, a running one when it was terminated."""

    def cancel(job_id: str, **how: bool) -> None:
        try:
            cancelled = execution.cancel(job_id, **how)
        except RedisError as error:  # Celery remembers the id and asks again when the message is received
            log.warning("revoked job not cancelled", job_id=job_id, error=str(error))
            return
        if cancelled:
            audit.record("cancel", "revoked", job_id=job_id)
            log.info("job revoked", job_id=job_id)

    @control.control_command(variadic="task_id", signature="[id1 [id2 [... [idN]]]]")
    def revoke(state: object, task_id: str | list[str], **options: object) -> object:
        """Revoke task by task id (or list of ids), and cancel the job if it waits."""
        answer = control.revoke(state, task_id, **options)  # type: ignore[attr-defined]
        cancel_waiting(task_id)
        return answer

    @control.control_command(args=[("signal", str)], variadic="task_id", signature="<signal> [id1 [id2 [... [idN]]]]")
    def terminate(state: object, signal: str, task_id: str | list[str], **options: object) -> object:
        """Terminate task by task id (or list of ids), and cancel the job if it waits."""
        answer = control.terminate(state, signal, task_id, **options)  # type: ignore[attr-defined]
        cancel_waiting(task_id)
        return answer

    def cancel_waiting(task_id: str | list[str]) -> None:
        for job_id in maybe_list(task_id) or []:
            cancel(str(job_id))

    def leave(sender: "Task[Any, Any]", request: Context, *, terminated: bool, **_: Any) -> None:
        """Hear that a message of a revoked job was received and dropped, or that its process was terminated."""
        if sender.name == RUN_TASK:
            cancel(str(request.id), running=terminated, received=True)

    signals.task_revoked.connect(leave, weak=False)
