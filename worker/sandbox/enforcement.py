"""Confine this process, as far as the kernel can, and tell what it cannot."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.logs import get_logger, reason
from worker.sandbox import landlock, seccomp
from worker.sandbox.policy import Policy

log = get_logger(__name__)

_INCOMPLETE = "decoders are not fully confined"

_THREADS = Path("/proc/self/task")


def missing(*, enabled: bool, accelerated: bool) -> tuple[str, ...]:
    """Return what of the wall pool processes will lack here, each in a few words; nothing if it is whole.

    Tried out in a process that is forked for it: a container may forbid what its kernel has.

    Parameters
    ----------
    enabled
        The setting.
    accelerated
        Whether threads that a GPU's library starts run before the wall stands.

    """
    if not enabled:
        return ("switched off by DECODER_SANDBOX",)
    if sys.platform != "linux":
        return ("Linux",)
    version = landlock.abi()
    lacks = []
    if version == 0:
        lacks.append("Landlock: files and ports")
    elif not landlock.covers_tcp(version):
        lacks.append("Landlock of Linux 6.7: ports")
    if accelerated and not landlock.covers_threads(version):
        lacks.append("Landlock of Linux 7.0: CUDA's threads")
    filters = seccomp.available()
    if not filters:
        lacks.append("seccomp: programs and processes")
    if (version or filters) and not _stands():
        lacks.append("the system's leave: what confines this container forbids it")
    return tuple(lacks)


def report(lacking: tuple[str, ...], *, unix_socket: bool = False) -> None:
    """Log whether the wall is whole, once a worker.

    Parameters
    ----------
    lacking
        What :func:`missing` returns.
    unix_socket
        Whether Redis is reached by one: then so are those of others, if the kernel cannot tell them apart.

    """
    if lacking:
        log.warning(_INCOMPLETE, missing=", ".join(lacking), see="docs/sandbox.md")
    else:
        others = unix_socket and not landlock.covers_unix_sockets(landlock.abi())
        reach = "other Unix sockets, before Linux 7.1" if others else "nothing else"
        log.info("decoders are confined", landlock=landlock.abi(), seccomp=True, also_in_reach=reach)


def confine(policy: Policy) -> None:
    """Give up all that the policy does not name, as far as this kernel can. What fails is logged, and the rest done.

    To be called before this process starts threads: before Linux 7.0, Landlock leaves those alone that run already.
    """
    version, filters = landlock.abi(), seccomp.available()
    if version == 0 and not filters:
        return
    with _logged():
        seccomp.forbid_new_privileges()
    if version:
        threads = len(list(_THREADS.iterdir()))
        if threads > 1 and not landlock.covers_threads(version):
            log.warning("threads run that Landlock does not restrict", threads=threads - 1)
        with _logged():
            landlock.restrict(policy.read, policy.write, policy.ports, policy.unix_sockets)
    if filters:
        with _logged():
            seccomp.restrict(unix_sockets=bool(policy.unix_sockets), udp=policy.udp)


def outdated(policy: Policy) -> bool:
    """Tell whether a directory has been replaced, or mounted again, since this process was confined to it.

    Landlock's rules belong to what was there then; the same path leads elsewhere now, where nothing is allowed. Another
    process can be confined to that.
    """
    return any(path.is_dir() and os.access(path, os.R_OK) and not _opens(path) for path in policy.write)


def _opens(directory: Path) -> bool:
    try:
        os.close(os.open(directory, os.O_RDONLY | os.O_DIRECTORY))
    except PermissionError:  # `access` asks only who may
        return False
    except OSError:
        pass
    return True


@contextmanager
def _logged() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        log.error(_INCOMPLETE, error=reason(error))  # noqa: TRY400 - it says nothing more


def _stands() -> bool:
    """Try the wall out in another process; return whether it could be put up."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            seccomp.forbid_new_privileges()
            if landlock.abi():
                landlock.restrict((), (), ())
            if seccomp.available():
                seccomp.restrict(unix_sockets=False, udp=False)
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1] == 0
