"""Watchdog: ends the worker when Celery's consumer loop stalls.

A main process can be stuck without having ended. For example, when Redis refuses writes because its disk is full,
Celery's main process sometimes waits for a pool process, which waits for the main process to read. Process supervisors
restart only processes that have ended, so a stuck worker ends itself.
"""

import os
import signal
import time

from billiard import active_children

from shared.logs import get_logger

log = get_logger(__name__)

_SHUTDOWN_TIMEOUT = 5.0  # seconds

_EXIT_CODE = 70  # EX_SOFTWARE of sysexits.h


class Watchdog:
    """Records when the consumer loop last ran.

    Parameters
    ----------
    timeout
        Seconds without a heartbeat after which the loop counts as stuck. It must exceed the time that a stopping
        worker needs for its last jobs.

    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._deadline = time.monotonic() + timeout
        self._failed = False

    def reset(self) -> None:
        """Record that the loop runs, or that it has a reason not to run."""
        if not self._failed:
            self._deadline = time.monotonic() + self._timeout

    def fail(self) -> None:
        """Give the worker five seconds to stop: it stops because of a failure and might hang."""
        self._failed = True
        self._deadline = time.monotonic() + _SHUTDOWN_TIMEOUT

    def end_if_stuck(self) -> None:
        """Kill this worker, its pool processes first, if the deadline has passed."""
        if time.monotonic() < self._deadline:
            return
        log.critical("consumer stuck, worker exits")
        for process in active_children():
            if process.pid is not None:
                os.kill(process.pid, signal.SIGKILL)
        os._exit(_EXIT_CODE)
