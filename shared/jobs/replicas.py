"""Waits until replicas have a write, so that a failover does not lose it."""

import time
from collections.abc import Callable

from redis import Redis

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
        self.count = count
        self._missed_at = float("-inf")

    @property
    def should_wait(self) -> bool:
        """Whether to wait now."""
        return self.count > 0 and time.monotonic() - self._missed_at > _PAUSE

    @property
    def wait_command(self) -> tuple[str, int, int]:
        """The command that waits; its response is the number of replicas that have the write."""
        return "WAIT", self.count, _TIMEOUT

    def write(self, redis: Redis, command: Callable[[Redis], object]) -> tuple[object, bool]:
        """Send a command that writes, and wait until enough replicas have everything up to this write.

        Parameters
        ----------
        redis
            A client. The command and ``WAIT`` use one of its connections.
        command
            Sends the command with the client that it receives.

        Returns
        -------
        tuple of object and bool
            The response of the command, and whether enough replicas are known to have the write. During the pause after
            a timeout, that is not known.

        """
        if not self.should_wait:
            return command(redis), self.count == 0
        with redis.pipeline(transaction=False) as pipeline:
            command(pipeline)
            pipeline.execute_command(*self.wait_command)  # type: ignore[no-untyped-call]
            response, copies = pipeline.execute()
        return response, self.confirm(copies)

    def confirm(self, copies: int) -> bool:
        """Tell whether enough replicas have the write; log a warning if not."""
        if copies >= self.count:
            return True
        self._missed_at = time.monotonic()
        log.warning("replicas are behind", have=copies, expected=self.count)
        return False
