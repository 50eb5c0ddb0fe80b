"""Landlock: a process permanently gives up access to files, TCP ports and signals. Three system calls, through ctypes.

See https://docs.kernel.org/userspace-api/landlock.html and landlock(7). Landlock needs no privileges. The ABI version
numbers what a kernel supports: 1 (Linux 5.13) files, 3 (6.2) truncation, 4 (6.7) TCP ports, 5 (6.10) devices, 6 (6.12)
signals and abstract Unix sockets, 8 (7.0) all threads at once, 9 (7.1) Unix sockets by path.

The PyPI packages for Landlock are alpha releases, or months old with a single author. That is not enough for a security
boundary.
"""

import ctypes
import os
import stat
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

# The same on every architecture: asm-generic/unistd.h.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446

_RULE_PATH, _RULE_PORT = 1, 2
_VERSION = 1  # flag of create_ruleset: return the ABI
_ALL_THREADS = 1 << 3  # flag of restrict_self, since ABI 8

_WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 1, 1 << 2, 1 << 3
_REMOVE_FILE, _MAKE_DIR, _MAKE_REG = 1 << 5, 1 << 7, 1 << 8
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
_RESOLVE_UNIX = 1 << 16
_BIND_TCP, _CONNECT_TCP = 1 << 0, 1 << 1

# By ABI, everything that a ruleset can deny: files from 1 << 0 (execute), TCP (bind, connect), scopes.
_FILES = {1: 13, 2: 14, 3: 15, 5: 16, 9: 17}  # number of access rights
_TCP_ABI, _SCOPE_ABI, _THREADS_ABI, _UNIX_ABI = 4, 6, 8, 9

_READ = _READ_FILE | _READ_DIR
_WRITE = _WRITE_FILE | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _TRUNCATE | _IOCTL_DEV
_OF_A_FILE = _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV | _RESOLVE_UNIX  # the other rights are for directories

_libc = ctypes.CDLL(None, use_errno=True)


def abi() -> int:
    """Return the Landlock ABI version of this kernel; 0 if Landlock is missing or not enabled."""
    if sys.platform != "linux":  # on other systems these numbers are other calls
        return 0
    try:
        return _call(_CREATE_RULESET, None, 0, _VERSION)
    except OSError:  # the call does not exist, or Landlock is not enabled at boot
        return 0


def covers_tcp(version: int) -> bool:
    """Return whether this ABI restricts TCP connections."""
    return version >= _TCP_ABI


def covers_threads(version: int) -> bool:
    """Return whether this ABI restricts threads that already run."""
    return version >= _THREADS_ABI


def covers_unix_sockets(version: int) -> bool:
    """Return whether this ABI restricts connections to Unix sockets by path."""
    return version >= _UNIX_ABI


def restrict(
    read: Iterable[Path], write: Iterable[Path], ports: Iterable[int] | None, sockets: Iterable[Path] = ()
) -> None:
    """Give up all files and TCP connections except these, for this thread and the threads that it starts.

    Before ABI 8, threads that already run keep their access. Open files stay open. Requires ``no_new_privs``.

    Parameters
    ----------
    read, write
        Files to read, and files to read and write. A directory includes its contents. Missing paths are ignored.
    ports
        Allowed ports of TCP connections, from ABI 4; None for all. No port can be bound.
    sockets
        Allowed Unix sockets, from ABI 9. Other sockets in the same directories are allowed too.

    Raises
    ------
    OSError
        The kernel rejected a call.

    """
    version = abi()
    files = (1 << _FILES[max(known for known in _FILES if known <= version)]) - 1
    tcp = (_BIND_TCP if ports is None else _BIND_TCP | _CONNECT_TCP) if version >= _TCP_ABI else 0
    scopes = 0b11 if version >= _SCOPE_ABI else 0
    # The kernel accepts the shorter structure of older ABIs.
    attributes = struct.pack("=QQQ", files, tcp, scopes)
    ruleset = _call(_CREATE_RULESET, attributes, len(attributes), 0)
    try:
        for path in read:
            _allow_path(ruleset, path, _READ & files)
        for path in write:
            _allow_path(ruleset, path, (_READ | _WRITE) & files)
        for path in sockets if version >= _UNIX_ABI else ():
            _allow_path(ruleset, path.parent, _RESOLVE_UNIX)  # a restarted server creates a new file
        for port in (ports or ()) if tcp else ():
            _call(_ADD_RULE, ruleset, _RULE_PORT, struct.pack("=QQ", _CONNECT_TCP, port), 0)
        _call(_RESTRICT_SELF, ruleset, _ALL_THREADS if version >= _THREADS_ABI else 0)
    finally:
        os.close(ruleset)


def _allow_path(ruleset: int, path: Path, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # the path is missing, or this user may not open it
        return
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= _OF_A_FILE
        _call(_ADD_RULE, ruleset, _RULE_PATH, struct.pack("=Qi", rights, descriptor), 0)  # a packed structure
    finally:
        os.close(descriptor)


def _call(number: int, *arguments: object) -> int:
    # Pass integers in register size: by default ctypes passes Python integers as 32 bits.
    passed = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    result = int(_libc.syscall(ctypes.c_long(number), *passed))
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
