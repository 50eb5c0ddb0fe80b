"""Keep the memory that one document needed for the next, rather than give it back to the system each time.

A photograph's pixels are tens of megabytes. By default glibc maps as much anew for each document and unmaps it after,
and the system clears every page on its first touch: 5 of 73 ms of a 12-megapixel photograph (`python -m bench service`
shows what is left). The most that a process holds does not grow by it.
"""

import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h; mallopt(3)

_MMAP_THRESHOLD = 64 * 1024 * 1024  # bytes: above the pixels of the largest picture that is usual, three bytes each
_TRIM_THRESHOLD = 256 * 1024 * 1024  # bytes free at the top of the heap before they go back


def keep_memory() -> None:
    """Set the thresholds, where the C library has them (glibc)."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _MMAP_THRESHOLD)
        mallopt(_M_TRIM_THRESHOLD, _TRIM_THRESHOLD)


def give_back() -> None:
    """Give back what is free, where the C library can: after a document that took far more than the next one will."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
