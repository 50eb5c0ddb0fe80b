"""Work on many bytes, in a thread: the event loop goes on meanwhile."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")

LARGE = 256 * 1024
"""Bytes from which hashing or encrypting takes longer than a change of thread, 0.1 ms.

Twenty megabytes would hold up all other requests of the process for 49 ms.
"""


_THREAD = ThreadPoolExecutor(1, thread_name_prefix="off-the-loop")
"""One thread: several would hold several encrypted copies of documents at once."""


async def off_the_loop(size: int, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Call a function on so many bytes: in a thread if they are many, else at once."""
    if size < LARGE:
        return work(*args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_THREAD, partial(work, *args, **kwargs))
