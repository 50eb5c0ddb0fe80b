"""Where the processes of one service add up their figures for Prometheus.

``prometheus_client`` looks for the directory in the environment, once, when it is imported: so ``api`` and ``worker``
import this module before all else of theirs. Processes that one of them starts inherit the directory.

The files are mapped into memory. On a disk that is full a process that writes to a new page of such a file is killed by
the kernel, which is why they lie in memory where there is a place for that.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
# A directory of our own is made in it, with a name that nobody can guess.
_MEMORY = Path("/dev/shm")  # noqa: S108  # nosec B108
_PREFIX = f"nsfas-metrics-{os.getuid()}-"


def _prepare() -> None:
    if VARIABLE in os.environ:  # noqa: TID251 - it is not a setting of ours
        return
    root = _MEMORY if os.access(_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
    for left in root.glob(f"{_PREFIX}*"):
        owner, _, _ = left.name.removeprefix(_PREFIX).partition("-")
        if owner.isdecimal() and not lives(int(owner)):
            shutil.rmtree(left, ignore_errors=True)  # it was killed
    directory = tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=root)
    os.environ[VARIABLE] = directory  # noqa: TID251
    atexit.register(_remove, directory, os.getpid())


def lives(pid: int) -> bool:
    """Tell whether there is a process of this id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _remove(directory: str, owner: int) -> None:
    if os.getpid() == owner:  # not in a process that was forked from it
        shutil.rmtree(directory, ignore_errors=True)


_prepare()
