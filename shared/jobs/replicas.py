"""Waits until replicas have a write, so that a failover does not lose it."""

import time

from shared.logs import get_logger

log = get_logger(__name__)

_TIMEOUT = 500
"""Longest wait for the replicas, in milliseconds."""

_PAUSE = 10.0
"""Seconds without waiting after a wait has timed out. A group that has just failed over has one replica less, and work
must continue. To refuse writes without replicas, use the setting ``min-replicas-to-write`` of Redis."""


class Replicas:
    """The number of replicas that must have a write, and whether to wait for them now.

    The command ``WAIT`` is about writes on its own connection, so send it in one pipeline with the write.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._missed_at = float("-inf")

    @property
    def should_wait(self) -> bool:
        """Whether to wait now."""
        return self._count > 0 and time.monotonic() - self._missed_at > _PAUSE

    @property
    def wait_command(self) -> tuple[str, int, int]:
        """The command that waits; its response is the number of replicas that have the write."""
        return "WAIT", self._count, _TIMEOUT

    def confirm(self, copies: int) -> bool:
        """Tell whether enough replicas have the write; log a warning if not."""
        if copies >= self._count:
            return True
        self._missed_at = time.monotonic()
        log.warning("replicas are behind", have=copies, expected=self._count)
        return False
