"""Time measurement by stage: how long decoding, detection, alignment and so on take for a document."""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

Stage = Literal["open", "decode", "find", "level", "align", "embed", "crop", "assess", "encode"]


class _Stopwatch:
    def __init__(self) -> None:
        self.seconds: defaultdict[Stage, float] = defaultdict(float)
        self._stage: Stage | None = None
        self._since = 0.0

    def enter(self, stage: Stage | None) -> Stage | None:
        """Stop the current stage, start this one, and return the one that was stopped."""
        before, now = self._stage, time.perf_counter()
        if before is not None:
            self.seconds[before] += now - self._since
        self._stage, self._since = stage, now
        return before


_stopwatch: ContextVar[_Stopwatch | None] = ContextVar("stopwatch", default=None)


@contextmanager
def timed_stages() -> Iterator[Mapping[Stage, float]]:
    """Measure the stages that run in this context.

    Yields
    ------
    Mapping[Stage, float]
        Seconds by stage so far. A stage that runs inside another does not count for the outer one, so that the seconds
        add up to the total.

    """
    stopwatch = _Stopwatch()
    token = _stopwatch.set(stopwatch)
    try:
        yield stopwatch.seconds
    finally:
        _stopwatch.reset(token)


@contextmanager
def stage(name: Stage) -> Iterator[None]:
    """Count the time in this context, or in the decorated function, as this stage."""
    stopwatch = _stopwatch.get()
    if stopwatch is None:
        yield
        return
    outer = stopwatch.enter(name)
    try:
        yield
    finally:
        stopwatch.enter(outer)
