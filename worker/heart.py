"""Whether the consumer still turns: seen from inside, for the case that nobody outside looks.

A main process can be stuck though it lives. Celery's is at times when it stops because Redis has refused to write, with
its disk full: it waits for a process of its pool, which waits for it to read. Supervisors bring back what ends, and no
more; so a worker that is stuck ends itself.
"""

import os
import signal
import time

from billiard import active_children

from shared.logs import get_logger

log = get_logger(__name__)

_LAST_SECONDS = 5.0

_EXIT_CODE = 70  # EX_SOFTWARE of sysexits.h


class Heart:
    """When the consumer's loop last gave a sign of life.

    Parameters
    ----------
    patience
        Seconds of silence after which it counts as stuck; longer than a worker that was told to stop may need for its
        last jobs.

    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._deadline = time.monotonic() + patience
        self._failed = False

    def beat(self) -> None:
        """Give a sign of life, or an excuse for none."""
        if not self._failed:
            self._deadline = time.monotonic() + self._patience

    def lose_patience(self) -> None:
        """Give the worker a few seconds, no more: it stops because it failed, and what fails may not stop well."""
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
