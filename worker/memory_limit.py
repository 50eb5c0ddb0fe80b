"""A bound on what one document may take of the machine's memory.

A decoder that asks for more is refused by the system, and the document with it, while the process goes on; one that
cannot cope ends the process, and another takes its place.
"""

import os
import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

_STATUS = Path("/proc/self/status")
_STATUS_BYTES = 16 * 1024  # more than it has
_KILOBYTE = 1024


@contextmanager
def confined(memory: int) -> Iterator[None]:
    """Let this process take so many bytes more than it holds now, for as long as the context lasts.

    The bound is on data (``RLIMIT_DATA``: the heap and private writable mappings, since Linux 4.7), not on addresses
    (``RLIMIT_AS``): threads reserve far more of those than they use, the more so the more cores there are. It is lifted
    in between, since the object store's library ends the process when it is refused memory. Elsewhere than on Linux
    there is no bound.
    """
    held = data_held()
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if held is None or (hard != resource.RLIM_INFINITY and held + memory > hard):
        yield
        return
    resource.setrlimit(resource.RLIMIT_DATA, (held + memory, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def data_held() -> int | None:
    """Return the bytes of data that this process holds, as the limit counts them; None where that is not known."""
    if not _STATUS.exists():
        return None
    status = os.pread(_status_of(os.getpid()), _STATUS_BYTES, 0)
    found = re.search(rb"^VmData:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) * _KILOBYTE if found else None


@cache
def _status_of(process: int) -> int:  # noqa: ARG001 - a file that a parent opened tells of the parent
    """Open the file for good, and return its descriptor: a process that is confined cannot open it again."""
    return os.open(_STATUS, os.O_RDONLY | os.O_CLOEXEC)
