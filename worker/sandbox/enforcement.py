"""Applies the sandbox to this process as far as the kernel supports it, and reports what is missing."""

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


def missing_protections(*, enabled: bool, accelerated: bool) -> tuple[str, ...]:
    """Return the protections that pool processes will lack, each as a short text; nothing if the sandbox is complete.

    A forked process tests the sandbox, because a container may forbid what its kernel supports.

    Parameters
    ----------
    enabled
        The setting ``DECODER_SANDBOX``.
    accelerated
        Whether a GPU library starts threads before the sandbox is applied.

    """
    if not enabled:
        return ("disabled by DECODER_SANDBOX",)
    if sys.platform != "linux":
        return ("Linux",)
    version = landlock.abi()
    absent = []
    if version == 0:
        absent.append("Landlock: files and ports")
    elif not landlock.covers_tcp(version):
        absent.append("Landlock of Linux 6.7: ports")
    if accelerated and not landlock.covers_threads(version):
        absent.append("Landlock of Linux 7.0: CUDA's threads")
    filters = seccomp.available()
    if not filters:
        absent.append("seccomp: programs and processes")
    if (version or filters) and not _can_restrict():
        absent.append("permission: the container runtime forbids the sandbox")
    return tuple(absent)


def log_status(absent: tuple[str, ...], *, unix_socket: bool = False) -> None:
    """Log whether the sandbox is complete, once per worker.

    Parameters
    ----------
    absent
        The result of :func:`missing_protections`.
    unix_socket
        Whether the worker connects to Redis by a Unix socket. If the kernel cannot restrict such sockets by path, the
        sandbox then allows all of them.

    """
    if absent:
        log.warning(_INCOMPLETE, missing=", ".join(absent), see="docs/sandbox.md")
    else:
        others = unix_socket and not landlock.covers_unix_sockets(landlock.abi())
        reach = "other Unix sockets (before Linux 7.1)" if others else "nothing else"
        log.info("decoders are confined", landlock=landlock.abi(), seccomp=True, also_in_reach=reach)


def confine(policy: Policy) -> None:
    """Give up everything that the policy does not name, as far as this kernel supports it.

    A step that fails is logged, and the other steps are still taken. Call this before the process starts threads:
    before Linux 7.0, Landlock does not restrict threads that already run.
    """
    version, filters = landlock.abi(), seccomp.available()
    if version == 0 and not filters:
        return
    with _logged():
        seccomp.forbid_new_privileges()
    if version:
        threads = len(list(_THREADS.iterdir()))
        if threads > 1 and not landlock.covers_threads(version):
            log.warning("Landlock does not restrict threads that already run", threads=threads - 1)
        with _logged():
            landlock.restrict(policy.read, policy.write, policy.ports, policy.unix_sockets)
    if filters:
        with _logged():
            seccomp.restrict(unix_sockets=bool(policy.unix_sockets), udp=policy.udp)


def has_replaced_directory(policy: Policy) -> bool:
    """Return whether a directory of the policy was replaced or remounted after the sandbox was applied.

    Landlock's rules apply to the directory that existed then, so this process cannot use the new directory at the same
    path. A new process can.
    """
    return any(path.is_dir() and os.access(path, os.R_OK) and not _opens(path) for path in policy.write)


def _opens(directory: Path) -> bool:
    try:
        os.close(os.open(directory, os.O_RDONLY | os.O_DIRECTORY))
    except PermissionError:  # `access` ignores Landlock
        return False
    except OSError:
        pass
    return True


@contextmanager
def _logged() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        log.error(_INCOMPLETE, error=reason(error))  # noqa: TRY400 - the traceback adds nothing


def _can_restrict() -> bool:
    """Apply the sandbox in a forked process; return whether that succeeded."""
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
