"""Keeps a job's lease alive while the job is worked on."""

import threading
from types import TracebackType
from typing import Self

from redis.exceptions import RedisError

from shared.jobs import Execution
from shared.logs import get_logger

log = get_logger(__name__)

_RENEWALS = 3  # in one lease, so that two may fail


class LeaseKeeper:
    """While entered, renews a lease from a thread of its own; stops by itself once the job is somebody else's."""

    def __init__(self, execution: Execution, job_id: str, token: str) -> None:
        self._execution = execution
        self._job_id = job_id
        self._token = token
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"lease-{job_id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()

    def _keep(self) -> None:
        while not self._done.wait(self._execution.lease / _RENEWALS):
            try:
                if not self._execution.renew(self._job_id, self._token):
                    log.warning("lease lost", job_id=self._job_id)
                    return
            except RedisError as error:
                log.warning("lease not renewed", job_id=self._job_id, error=str(error))
