"""What the worker's main process does when one of its processes is killed, by the time limit or otherwise."""

from typing import Any

from billiard.einfo import ExceptionInfo
from celery.worker.request import Request
from redis.exceptions import RedisError

from shared.jobs import Execution, Failure
from shared.logs import get_logger

log = get_logger(__name__)


def holder(hostname: str, pid: int | str | None) -> str:
    """Return the name of a process that runs jobs: that of its worker, and its own number."""
    return f"{hostname.replace('.', '-')}:{pid}"


def job_request(execution: Execution) -> type[Request]:
    """Return Celery's request, which speaks for a process that no longer can."""

    class JobRequest(Request):
        def on_timeout(self, soft: bool, timeout: float) -> None:  # noqa: FBT001 - Celery's signature
            if not soft:
                self._release(Failure("timed_out"))
            super().on_timeout(soft, timeout)

        def on_failure(self, exc_info: ExceptionInfo, *args: Any, **kwargs: Any) -> None:
            # The process died, or gave up on Redis: the job is free for the next attempt at once.
            self._release(None)
            super().on_failure(exc_info, *args, **kwargs)

        def _release(self, failure: Failure | None) -> None:
            try:
                held = execution.release(self.id, holder(self.hostname, self.worker_pid), failure)
            except RedisError as error:  # then the lease runs out
                log.warning("job not given back", job_id=self.id, error=str(error))
                return
            if held:
                log.warning("process lost", job_id=self.id, outcome=failure.code if failure else "tried again")

    return JobRequest
