"""Runs work on large amounts of data in a thread, so that the event loop is not blocked."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")

LARGE = 256 * 1024
"""Bytes from which hashing or encryption takes longer than a switch of threads, 0.1 ms.

Without a thread, 20 MB would block all other requests of the process for 49 ms.
"""

_EXECUTOR = ThreadPoolExecutor(1, thread_name_prefix="large-data")
"""One thread, because several would hold several encrypted copies of documents at the same time."""


async def run_in_thread(size: int, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Call a function that processes ``size`` bytes: in a thread if the size is large, otherwise directly."""
    if size < LARGE:
        return work(*args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_EXECUTOR, partial(work, *args, **kwargs))
