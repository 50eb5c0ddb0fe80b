"""Watchdog: ends the worker when Celery's consumer loop stalls.

A main process can be stuck although it lives. Celery's is at times when it stops because Redis refuses to write, with
its disk full: it waits for a process of its pool, which waits for it to read. Supervisors restart what has ended, and
nothing else, so a stuck worker ends itself.
"""

import os
import signal
import time

from billiard import active_children

from shared.logs import get_logger

log = get_logger(__name__)

_LAST_SECONDS = 5.0

_EXIT_CODE = 70  # EX_SOFTWARE of sysexits.h


class Watchdog:
    """Knows when the consumer loop last ran.

    Parameters
    ----------
    timeout
        Seconds of silence after which the loop counts as stuck; longer than a worker that was told to stop may need
        for its last jobs.

    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._deadline = time.monotonic() + timeout
        self._failed = False

    def reset(self) -> None:
        """Note that the loop runs, or has a reason not to."""
        if not self._failed:
            self._deadline = time.monotonic() + self._timeout

    def fail(self) -> None:
        """Give the worker a few seconds and no more: it stops because of a failure, and may not stop well."""
        self._failed = True
        self._deadline = time.monotonic() + _LAST_SECONDS

    def end_if_stuck(self) -> None:
        """Kill this worker, its pool first, if its time is up."""
        if time.monotonic() < self._deadline:
            return
        log.critical("consumer stuck, worker ends")
        for process in active_children():
            if process.pid is not None:
                os.kill(process.pid, signal.SIGKILL)
        os._exit(_EXIT_CODE)
