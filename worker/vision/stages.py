"""How long each stage of a document's way through the engine takes, for whoever wants to know."""

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
        """Stop the time of the stage before, start that of this one, and return the one before."""
        before, now = self._stage, time.perf_counter()
        if before is not None:
            self.seconds[before] += now - self._since
        self._stage, self._since = stage, now
        return before


_watch: ContextVar[_Stopwatch | None] = ContextVar("stopwatch", default=None)


@contextmanager
def timed_stages() -> Iterator[Mapping[Stage, float]]:
    """Measure what is done in this context.

    Yields
    ------
    Mapping[Stage, float]
        Seconds by stage so far. Stages inside another count for themselves alone, so that the seconds add up.

    """
    watch = _Stopwatch()
    token = _watch.set(watch)
    try:
        yield watch.seconds
    finally:
        _watch.reset(token)


@contextmanager
def stage(name: Stage) -> Iterator[None]:
    """Name what is done in this context, or in the function that this decorates."""
    watch = _watch.get()
    if watch is None:
        yield
        return
    outer = watch.enter(name)
    try:
        yield
    finally:
        watch.enter(outer)
