"""Waiting for replicas to have what was written, so that a failover does not lose it."""

import time

from shared.logs import get_logger

log = get_logger(__name__)

_TIMEOUT = 500
"""Milliseconds that one write is waited for on its way."""

_PAUSE = 10.0
"""Seconds for which nobody waits after a wait in vain: a group that has just failed over has a replica less, and work
must go on. Whether it should without replicas is for Redis's own ``min-replicas-to-write`` to say."""


class Replicas:
    """How many must have a write, and whether it is worth waiting for them.

    ``WAIT`` asks for what was written on its own connection: it goes into one pipeline with the write.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._missed_at = float("-inf")

    @property
    def expected(self) -> bool:
        """Whether to wait for them now."""
        return self._count > 0 and time.monotonic() - self._missed_at > _PAUSE

    @property
    def command(self) -> tuple[str, int, int]:
        """The command that waits, and answers how many have it."""
        return "WAIT", self._count, _TIMEOUT

    def have(self, copies: int) -> bool:
        """Tell whether so many are enough."""
        if copies >= self._count:
            return True
        self._missed_at = time.monotonic()
        log.warning("replicas do not keep up", have=copies, wanted=self._count)
        return False
