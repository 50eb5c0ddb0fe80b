"""Limits and memory settings that a process requests from the operating system."""

import ctypes
import resource

_CONNECTIONS = 65_536

_M_MMAP_THRESHOLD = -3  # malloc.h; mallopt(3)
_LARGE_BLOCK = 1024 * 1024  # bytes


def forbid_core_files() -> None:
    """Disable core files of this process and its children, since they would contain documents and encryption keys."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def return_large_blocks() -> None:
    """Return freed blocks of 1 MB and more to the system at once, if the C library supports this (glibc).

    By default, glibc raises this threshold to the size of the largest freed block and keeps such blocks. With 64
    concurrent uploads of 10 MB, the peak memory of the API was 283 to 305 MB without this setting, and 232 to 259 MB
    with it.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BLOCK)


def allow_many_connections() -> None:
    """Raise the limit of open connections of this process; the default is often 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _CONNECTIONS if hard == resource.RLIM_INFINITY else min(_CONNECTIONS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
