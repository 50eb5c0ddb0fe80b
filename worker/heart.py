"""Whether the consumer still turns: seen from inside, for the case that nobody outside looks.

A main process can be stuck though it lives: Celery's was, once, when it stopped because Redis had refused to write, and
waited for a process that waited for it. Supervisors bring back what ends, and no more; so a worker that is stuck ends
itself.
"""

import os
import signal
import time

from billiard import active_children

from shared.logs import get_logger

log = get_logger(__name__)

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
        self._beaten_at = time.monotonic()

    def beat(self) -> None:
        """Give a sign of life, or an excuse for none."""
        self._beaten_at = time.monotonic()

    def end_if_stuck(self) -> None:
        """Kill this worker, its pool first, if it has been silent for too long."""
        if time.monotonic() - self._beaten_at < self._patience:
            return
        log.critical("consumer stuck, worker ends", silent_for=self._patience)
        for process in active_children():
            if process.pid is not None:
                os.kill(process.pid, signal.SIGKILL)
        os._exit(_EXIT_CODE)
