"""Wait for something to become true: the one way in which tests wait for other processes."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

Value = TypeVar("Value")

TIMEOUT = 60.0
"""Seconds. Generous, because a test that passes does not wait for it, and a busy machine is no fault of ours."""

_PAUSE = 0.05  # seconds between two looks


def eventually(condition: Callable[[], Value], timeout: float = TIMEOUT, *, waiting_for: str = "") -> Value:
    """Call a condition until it returns something true, and return that.

    Parameters
    ----------
    condition
        Called again and again; what it raises is passed on.
    timeout
        Seconds after which the test fails.
    waiting_for
        Text for the failure message, with the last value of the condition.

    Raises
    ------
    AssertionError
        The condition was false until the timeout.

    """
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {timeout:g} s: {waiting_for or condition}; last: {value!r}"
        time.sleep(_PAUSE)
    return value


async def eventually_async(condition: Callable[[], Awaitable[Value]], *, waiting_for: str = "") -> Value:
    """Await a condition until it returns something true, and return that; otherwise as ``eventually``."""
    deadline = time.monotonic() + TIMEOUT
    while not (value := await condition()):
        assert time.monotonic() < deadline, f"not within {TIMEOUT:g} s: {waiting_for or condition}; last: {value!r}"
        await asyncio.sleep(_PAUSE)
    return value
