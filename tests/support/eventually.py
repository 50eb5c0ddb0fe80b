"""Waits until a condition is true. All tests wait for other processes with these functions."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

Value = TypeVar("Value")

TIMEOUT = 60.0
"""Seconds. The timeout is long because a passing test does not reach it, and a busy machine must not fail a test."""

_INTERVAL = 0.05  # seconds between two checks


def eventually(condition: Callable[[], Value], timeout: float = TIMEOUT, *, waiting_for: str = "") -> Value:
    """Call a condition until it returns a true value, and return that value.

    Parameters
    ----------
    condition
        Function to call repeatedly. Its exceptions are passed on.
    timeout
        Seconds after which the test fails.
    waiting_for
        Text for the failure message. The message also contains the last value of the condition.

    Raises
    ------
    AssertionError
        The condition was still false at the timeout.

    """
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < deadline, (
            f"not true within {timeout:g} s: {waiting_for or condition}; last: {value!r}"
        )
        time.sleep(_INTERVAL)
    return value


async def eventually_async(condition: Callable[[], Awaitable[Value]], *, waiting_for: str = "") -> Value:
    """Like :func:`eventually`, for an asynchronous condition."""
    deadline = time.monotonic() + TIMEOUT
    while not (value := await condition()):
        assert time.monotonic() < deadline, (
            f"not true within {TIMEOUT:g} s: {waiting_for or condition}; last: {value!r}"
        )
        await asyncio.sleep(_INTERVAL)
    return value
