"""Limits the memory that one document may use.

A decoder that asks for more gets an allocation error: the document fails and the process continues. A decoder that
cannot handle the error ends the process, and the pool starts another.
"""

import os
import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

_STATUS = Path("/proc/self/status")
_STATUS_BYTES = 16 * 1024  # more than the file contains
_KILOBYTE = 1024


@contextmanager
def limit_memory(extra: int) -> Iterator[None]:
    """Limit this process, inside the context, to ``extra`` bytes more than it uses now.

    The limit is ``RLIMIT_DATA`` (the heap and private writable mappings, since Linux 4.7), not ``RLIMIT_AS``
    (addresses): threads reserve far more addresses than they use, and more cores mean more threads. The limit applies
    only inside the context, because the object store's library ends the process when an allocation fails. Outside Linux
    there is no limit.
    """
    held = data_size()
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if held is None or (hard != resource.RLIM_INFINITY and held + extra > hard):
        yield
        return
    resource.setrlimit(resource.RLIMIT_DATA, (held + extra, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def data_size() -> int | None:
    """Return the bytes of data that this process uses, as the limit counts them; None if this is unknown."""
    if not _STATUS.exists():
        return None
    status = os.pread(_open_status(os.getpid()), _STATUS_BYTES, 0)
    found = re.search(rb"^VmData:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) * _KILOBYTE if found else None


@cache
def _open_status(process: int) -> int:  # noqa: ARG001 - the cache key: a parent's open file describes the parent
    """Open the file, keep it open and return its descriptor: a sandboxed process cannot open it again."""
    return os.open(_STATUS, os.O_RDONLY | os.O_CLOEXEC)
