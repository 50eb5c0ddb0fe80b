"""Releases a job in the main process when the pool process that ran it is killed, by the time limit or otherwise."""

from typing import Any

from billiard.einfo import ExceptionInfo
from billiard.exceptions import TimeLimitExceeded
from celery.worker.request import Request
from redis.exceptions import RedisError

from shared.jobs import Execution, Failure
from shared.jobs.holders import process_name
from shared.logs import get_logger

log = get_logger(__name__)


def job_request(execution: Execution) -> type[Request]:
    """Return Celery's request class, extended to release the job of a process that has died."""

    class JobRequest(Request):
        def on_failure(self, exc_info: ExceptionInfo, *args: Any, **kwargs: Any) -> None:
            # A document that reaches the hard time limit fails. Celery calls on_timeout too, but only later.
            # Otherwise the process died or lost Redis: release the job at once for the next attempt.
            is_late = exc_info.type is TimeLimitExceeded
            self._release(Failure("timed_out") if is_late else None)
            super().on_failure(exc_info, *args, **kwargs)

        def _release(self, failure: Failure | None) -> None:
            try:
                released = execution.release(self.id, process_name(self.hostname, self.worker_pid), failure)
            except RedisError as error:  # the lease expires instead
                log.warning("job not released", job_id=self.id, error=str(error))
                return
            if released:
                outcome = failure.code if failure else "retried"
                log.warning("pool process lost", job_id=self.id, outcome=outcome)

    return JobRequest
