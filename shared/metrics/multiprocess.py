"""The directory in which the processes of one service share their Prometheus metrics.

``prometheus_client`` reads the directory from the environment once, when it is imported. So ``api`` and ``worker``
import this module first. Child processes inherit the directory.

The files are mapped into memory. If the disk is full, the kernel kills a process that writes to a new page of such a
file. So the directory is in shared memory where that is available.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
# The directory that is created in it has a random name.
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  # nosec B108
_PREFIX = f"nsfas-metrics-{os.getuid()}-"


def _prepare() -> None:
    if VARIABLE in os.environ:  # noqa: TID251 - not one of our settings
        return
    root = _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
    for leftover in root.glob(f"{_PREFIX}*"):
        owner, _, _ = leftover.name.removeprefix(_PREFIX).partition("-")
        if owner.isdecimal() and not is_alive(int(owner)):
            shutil.rmtree(leftover, ignore_errors=True)  # of a process that was killed
    directory = tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=root)
    os.environ[VARIABLE] = directory  # noqa: TID251
    atexit.register(_remove, directory, os.getpid())


def is_alive(pid: int) -> bool:
    """Tell whether a process with this id exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _remove(directory: str, owner: int) -> None:
    if os.getpid() == owner:  # not in a forked process
        shutil.rmtree(directory, ignore_errors=True)


_prepare()
