"""What a process of the service asks of the system that it runs on."""

import ctypes
import resource

_CONNECTIONS = 65_536

_M_MMAP_THRESHOLD = -3  # malloc.h; mallopt(3)
_LARGE_BLOCK = 1024 * 1024  # bytes


def forbid_core_files() -> None:
    """Leave no core file, should this process or one that it starts crash: it would hold documents and keys."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def give_back_large_blocks() -> None:
    """Have freed blocks of a megabyte and more go back to the system at once, where the C library can do that (glibc).

    By itself it raises this threshold to the largest block that was freed, and keeps such blocks for later: after 64
    uploads of 10 MB at once the API had held 283 to 305 MB at its peak; with this it holds 232 to 259.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BLOCK)


def allow_many_connections() -> None:
    """Let this process hold as many connections as the system lets it; by default that is often 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _CONNECTIONS if hard == resource.RLIM_INFINITY else min(_CONNECTIONS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
