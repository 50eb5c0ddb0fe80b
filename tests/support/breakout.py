"""What somebody who has taken over a decoder would try next: each attempt, and how the system answered.

``python -m tests.support.breakout AIMS`` makes the attempts without a sandbox. ``python -m tests.support.sabotage
worker-that-breaks-out`` makes them inside a worker's pool process.
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
"""What a document ends with, before its aims, that does this to the process that reads it."""

FORGE = b" answer with a program "
"""What a document ends with, before a path, that has the main process make a directory there, if it does."""

SAID = "the breakout: "
"""How the line begins that says, on standard error, what came of it."""

DONE = "done"

_MPTCP, _MSG_FASTOPEN, _TIOCSTI = 262, 0x2000_0000, 0x5412
_IO_URING_SETUP = 425

CONFINES = landlock.covers_tcp(landlock.abi()) and seccomp.available()
"""Whether this kernel has what the whole wall takes."""

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Aims:
    """What the attempts are made on.

    Attributes
    ----------
    secret, folder
        A file that the worker may read, and a directory that it may write to; neither has to do with documents.
    store
        The directory of the object store.
    process
        Another process of the same user.
    port
        Where something listens.
    unix, abstract
        Unix sockets where something listens, the second by an abstract name.

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
    def parse(cls, text: bytes | str) -> "Aims":
        return cls(**json.loads(text))


class Pickled:
    """What makes a directory where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (self._path,)


def send_to_the_main_process(message: object) -> None:
    """Answer the main process, from a process of its pool, with something else than the job's outcome."""
    process: Any
    for process in (found for found in gc.get_objects() if isinstance(found, billiard.pool.Worker)):
        with suppress(OSError):  # of a process before this one
            process.outq.put(message)


def outcomes(aims: Aims) -> dict[str, str]:
    """Make all attempts; return what came of each: ``done``, or the name of the error."""
    return {name: _outcome(attempt, aims) for name, attempt in ATTEMPTS.items()}


def _outcome(attempt: Callable[[Aims], object], aims: Aims) -> str:
    try:
        attempt(aims)
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, repr(error))
    return DONE


def _run(_: Aims) -> None:
    subprocess.run(["/bin/sh", "-c", "true"], check=True)


def _spawn(_: Aims) -> None:
    os.waitpid(os.posix_spawn("/bin/sh", ["sh", "-c", "true"], {}), 0)


def _replace(_: Aims) -> None:
    os.execv("/no/such/program", ["program"])  # noqa: S606 - it is only whether the call is allowed


def _fork(_: Aims) -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _read(aims: Aims) -> None:
    Path(aims.secret).read_bytes()


def _read_in_a_thread(aims: Aims) -> None:
    errors: list[OSError] = []

    def read() -> None:
        try:
            _read(aims)
        except OSError as error:
            errors.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    for error in errors:
        raise error


def _read_memory(aims: Aims) -> None:
    Path(f"/proc/{aims.process}/environ").read_bytes()


def _list(aims: Aims) -> None:
    list(Path(aims.folder).iterdir())


def _write(aims: Aims) -> None:
    (Path(aims.folder) / "written").write_bytes(b"")


def _overwrite(aims: Aims) -> None:
    with Path(aims.secret).open("r+b"):
        pass


def _truncate(aims: Aims) -> None:
    os.truncate(aims.secret, Path(aims.secret).stat().st_size)


def _chmod(aims: Aims) -> None:
    Path(aims.secret).chmod(0o600)


def _link(aims: Aims) -> None:
    link = Path(aims.store) / "link"
    link.symlink_to(aims.secret)
    link.unlink()


def _move(aims: Aims) -> None:
    moved = Path(aims.store) / "moved"
    moved.write_bytes(b"")
    try:
        moved.rename(Path(aims.folder) / "moved")
    finally:
        moved.unlink(missing_ok=True)


def _connect(aims: Aims, protocol: int = 0) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol) as connection:
        connection.connect(("127.0.0.1", aims.port))


def _connect_by_many_paths(aims: Aims) -> None:
    _connect(aims, _MPTCP)


def _connect_by_sending(aims: Aims) -> None:
    with socket.socket() as connection:
        connection.sendto(b"x", _MSG_FASTOPEN, ("127.0.0.1", aims.port))


def _connect_to_a_file(aims: Aims) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(aims.unix)


def _connect_to_a_name(aims: Aims) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(f"\0{aims.abstract}")


def _send_a_datagram(aims: Aims) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        connection.sendto(b"x", ("127.0.0.1", aims.port))


def _ask_the_kernel(_: Aims) -> None:
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close()


def _bind(_: Aims) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))


def _listen(_: Aims) -> None:
    with socket.socket() as listener:
        listener.listen(1)


def _kill(aims: Aims) -> None:
    os.kill(aims.process, 0)


def _signal_by_a_file(aims: Aims) -> None:
    reader, writer = os.pipe()
    try:
        fcntl.fcntl(reader, fcntl.F_SETOWN, aims.process)
        fcntl.fcntl(reader, fcntl.F_SETOWN, 0)
    finally:
        os.close(reader)
        os.close(writer)


def _limit(aims: Aims) -> None:
    resource.prlimit(aims.process, resource.RLIMIT_CORE)


def _type(_: Aims) -> None:
    with Path(os.devnull).open("rb") as file:
        fcntl.ioctl(file, _TIOCSTI, b"x")


def _queue_calls(_: Aims) -> None:
    if _libc.syscall(ctypes.c_long(_IO_URING_SETUP), 1, None) < 0:
        raise OSError(ctypes.get_errno(), "io_uring_setup")


ATTEMPTS: dict[str, Callable[[Aims], object]] = {
    "run a program": _run,
    "spawn a program": _spawn,
    "become a program": _replace,
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
    "connect by Multipath TCP": _connect_by_many_paths,
    "connect by sending": _connect_by_sending,
    "connect to a Unix socket": _connect_to_a_file,
    "connect to an abstract Unix socket": _connect_to_a_name,
    "send a datagram": _send_a_datagram,
    "open a netlink socket": _ask_the_kernel,
    "bind a port": _bind,
    "listen": _listen,
    "signal a process": _kill,
    "have the kernel signal a process": _signal_by_a_file,
    "limit a process": _limit,
    "type into a terminal": _type,
    "use io_uring": _queue_calls,
}


if __name__ == "__main__":
    print(json.dumps(outcomes(Aims.parse(sys.argv[1]))))
