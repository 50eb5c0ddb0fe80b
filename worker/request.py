"""What the worker's main process does when one of its processes is killed, by the time limit or otherwise."""

from typing import Any

from billiard.einfo import ExceptionInfo
from celery.worker.request import Request
from redis.exceptions import RedisError

from shared import audit
from shared.jobs import Execution, Failure
from shared.logs import get_logger

log = get_logger(__name__)


def job_request(execution: Execution) -> type[Request]:
    """Return Celery's request, which speaks for a process that no longer can."""

    class JobRequest(Request):
        def on_timeout(self, soft: bool, timeout: float) -> None:  # noqa: FBT001 - Celery's signature
            if not soft:
                self._abandon(Failure("timed_out"))
            super().on_timeout(soft, timeout)

        def on_failure(self, exc_info: ExceptionInfo, *args: Any, **kwargs: Any) -> None:
            # The process died, or gave up on Redis: the job is free for the next attempt at once.
            self._abandon(None)
            super().on_failure(exc_info, *args, **kwargs)

        def _abandon(self, failure: Failure | None) -> None:
            try:
                job_id = execution.abandon(str(self.id), failure)
            except RedisError as error:  # then the lease runs out
                log.warning("job not given back", error=str(error))
            else:
                if job_id is None:
                    return
                if failure is not None:
                    audit.record("end", failure.code, job_id=job_id)
                log.warning("process lost", job_id=job_id, outcome=failure.code if failure else "tried again")

    return JobRequest
