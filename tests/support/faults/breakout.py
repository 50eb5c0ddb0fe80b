"""Attempts to escape from the sandbox, as an attacker who controls a decoder would make, and their outcomes.

``python -m tests.support.faults.breakout TARGETS`` makes the attempts without a sandbox. ``python -m
tests.support.faults.injection worker-that-breaks-out`` makes them in a pool process of a worker.
"""

import ctypes
import errno
import fcntl
import gc
import json
import os
import resource
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import billiard.pool

from worker.sandbox import landlock, seccomp

MARK = b" break out "
"""End of a document, followed by its targets. The process that reads the document makes the attempts."""

FORGE = b" answer with a program "
"""End of a document, followed by a path. The process sends the main process a pickle that creates a directory there."""

REPORT = "the breakout: "
"""Start of the line on standard error that reports the outcomes."""

DONE = "done"

_MPTCP, _MSG_FASTOPEN, _TIOCSTI = 262, 0x2000_0000, 0x5412
_IO_URING_SETUP = 425

CONFINES = landlock.covers_tcp(landlock.abi()) and seccomp.available()
"""Whether this kernel supports the complete sandbox."""

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Targets:
    """The targets of the attempts.

    Attributes
    ----------
    secret, folder
        A file that the worker's user may read, and a directory that it may write to. Neither is needed for documents.
    store
        The directory of the object store.
    process
        Another process of the same user.
    port
        A TCP port on which a socket listens.
    unix, abstract
        Unix sockets that listen, the second with an abstract name.

    """

    secret: str
    folder: str
    store: str
    process: int
    port: int
    unix: str
    abstract: str

    def dump(self) -> bytes:
        return MARK + json.dumps(asdict(self)).encode()

    @classmethod
    def parse(cls, text: bytes | str) -> "Targets":
        return cls(**json.loads(text))


class Pickled:
    """An object that creates a directory when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (self._path,)


def send_to_the_main_process(message: object) -> None:
    """Send a message from a pool process to the main process instead of the outcome of the job."""
    process: Any
    for process in (found for found in gc.get_objects() if isinstance(found, billiard.pool.Worker)):
        with suppress(OSError):  # the pipe of an earlier process
            process.outq.put(message)


def outcomes(targets: Targets) -> dict[str, str]:
    """Make all attempts and return their outcomes: ``done`` or the name of the error."""
    return {name: _outcome(attempt, targets) for name, attempt in ATTEMPTS.items()}


def _outcome(attempt: Callable[[Targets], object], targets: Targets) -> str:
    try:
        attempt(targets)
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, repr(error))
    return DONE


def _run(_: Targets) -> None:
    subprocess.run(["/bin/sh", "-c", "true"], check=True)


def _spawn(_: Targets) -> None:
    os.waitpid(os.posix_spawn("/bin/sh", ["sh", "-c", "true"], {}), 0)


def _replace(_: Targets) -> None:
    os.execv("/no/such/program", ["program"])  # noqa: S606 - tests only whether the call is allowed


def _fork(_: Targets) -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _read(targets: Targets) -> None:
    Path(targets.secret).read_bytes()


def _read_in_a_thread(targets: Targets) -> None:
    errors: list[OSError] = []

    def read() -> None:
        try:
            _read(targets)
        except OSError as error:
            errors.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    for error in errors:
        raise error


def _read_memory(targets: Targets) -> None:
    Path(f"/proc/{targets.process}/environ").read_bytes()


def _list(targets: Targets) -> None:
    list(Path(targets.folder).iterdir())


def _write(targets: Targets) -> None:
    (Path(targets.folder) / "written").write_bytes(b"")


def _overwrite(targets: Targets) -> None:
    with Path(targets.secret).open("r+b"):
        pass


def _truncate(targets: Targets) -> None:
    os.truncate(targets.secret, Path(targets.secret).stat().st_size)


def _chmod(targets: Targets) -> None:
    Path(targets.secret).chmod(0o600)


def _link(targets: Targets) -> None:
    link = Path(targets.store) / "link"
    link.symlink_to(targets.secret)
    link.unlink()


def _move(targets: Targets) -> None:
    moved = Path(targets.store) / "moved"
    moved.write_bytes(b"")
    try:
        moved.rename(Path(targets.folder) / "moved")
    finally:
        moved.unlink(missing_ok=True)


def _connect(targets: Targets, protocol: int = 0) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol) as connection:
        connection.connect(("127.0.0.1", targets.port))


def _connect_by_multipath_tcp(targets: Targets) -> None:
    _connect(targets, _MPTCP)


def _connect_by_sending(targets: Targets) -> None:
    with socket.socket() as connection:
        connection.sendto(b"x", _MSG_FASTOPEN, ("127.0.0.1", targets.port))


def _connect_to_unix_socket(targets: Targets) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(targets.unix)


def _connect_to_abstract_socket(targets: Targets) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(f"\0{targets.abstract}")


def _send_a_datagram(targets: Targets) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        connection.sendto(b"x", ("127.0.0.1", targets.port))


def _open_netlink(_: Targets) -> None:
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close()


def _bind(_: Targets) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))


def _listen(_: Targets) -> None:
    with socket.socket() as listener:
        listener.listen(1)


def _kill(targets: Targets) -> None:
    os.kill(targets.process, 0)


def _signal_by_file_owner(targets: Targets) -> None:
    reader, writer = os.pipe()
    try:
        fcntl.fcntl(reader, fcntl.F_SETOWN, targets.process)
        fcntl.fcntl(reader, fcntl.F_SETOWN, 0)
    finally:
        os.close(reader)
        os.close(writer)


def _limit(targets: Targets) -> None:
    resource.prlimit(targets.process, resource.RLIMIT_CORE)


def _type(_: Targets) -> None:
    with Path(os.devnull).open("rb") as file:
        fcntl.ioctl(file, _TIOCSTI, b"x")


def _use_io_uring(_: Targets) -> None:
    if _libc.syscall(ctypes.c_long(_IO_URING_SETUP), 1, None) < 0:
        raise OSError(ctypes.get_errno(), "io_uring_setup")


ATTEMPTS: dict[str, Callable[[Targets], object]] = {
    "run a program": _run,
    "spawn a program": _spawn,
    "replace the process by a program": _replace,
    "fork": _fork,
    "read a secret": _read,
    "read a secret in a thread": _read_in_a_thread,
    "read another process": _read_memory,
    "list a directory": _list,
    "write a file": _write,
    "overwrite a file": _overwrite,
    "truncate a file": _truncate,
    "change a mode": _chmod,
    "make a link in the store": _link,
    "move a file out of the store": _move,
    "connect to a port": _connect,
    "connect by Multipath TCP": _connect_by_multipath_tcp,
    "connect by sending": _connect_by_sending,
    "connect to a Unix socket": _connect_to_unix_socket,
    "connect to an abstract Unix socket": _connect_to_abstract_socket,
    "send a datagram": _send_a_datagram,
    "open a netlink socket": _open_netlink,
    "bind a port": _bind,
    "listen": _listen,
    "signal a process": _kill,
    "make the kernel signal a process": _signal_by_file_owner,
    "limit a process": _limit,
    "type into a terminal": _type,
    "use io_uring": _use_io_uring,
}


if __name__ == "__main__":
    print(json.dumps(outcomes(Targets.parse(sys.argv[1]))))
