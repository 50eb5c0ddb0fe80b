"""Settings of the C library's memory allocator (glibc): freed memory is kept for the next document.

The pixels of a photograph take tens of megabytes. By default, glibc maps new memory for each document and unmaps it
afterwards, and the system clears every page of memory at its first use. That takes 5 of 73 ms for a photograph of 12
megapixels (`python -m bench service` measures the rest). The peak memory of a process does not increase.
"""

import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h; mallopt(3)

_MMAP_THRESHOLD = 64 * 1024 * 1024  # bytes: more than the pixels of the largest usual picture, at three bytes each
_TRIM_THRESHOLD = 256 * 1024 * 1024  # free bytes at the top of the heap above which memory is returned to the system


def keep_memory() -> None:
    """Set the thresholds, if the C library has them (glibc)."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _MMAP_THRESHOLD)
        mallopt(_M_TRIM_THRESHOLD, _TRIM_THRESHOLD)


def release_memory() -> None:
    """Return free memory to the system, if the C library can. Call it after an unusually large document."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
