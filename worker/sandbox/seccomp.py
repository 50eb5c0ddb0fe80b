"""seccomp: a process permanently gives up system calls, in all of its threads.

See https://docs.kernel.org/userspace-api/seccomp_filter.html and seccomp(2). No privileges are needed. The kernel
runs a small program (classic BPF, :mod:`worker.sandbox.bpf`) before each call, and caches the call numbers that are
always allowed.
"""

import ctypes
import os
import platform
import sys

from worker.sandbox import bpf
from worker.sandbox.bpf import Instruction
from worker.sandbox.syscalls import NEWEST, Architecture, architecture_of

_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 4, 38  # prctl(2)
_SET_MODE_FILTER, _GET_ACTION_AVAIL = 1, 2
_TSYNC, _SPEC_ALLOW = 1 << 0, 1 << 2  # all threads; do not slow the process down, as a filter does before Linux 5.16
_X32 = 0x4000_0000  # call numbers of x86-64's second ABI

_CLONE_THREAD = 0x1_0000
_AF_UNIX, _AF_INET, _AF_INET6 = 1, 2, 10
_SOCK_STREAM, _SOCK_DGRAM, _SOCK_TYPES = 1, 2, 0xF  # the bits of the type; the other bits are flags
_TCP, _UDP = 6, 17
_MSG_FASTOPEN = 0x2000_0000
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_F_SETOWN, _F_SETSIG, _F_SETOWN_EX, _FIOSETOWN, _SIOCSPGRP = 8, 10, 15, 0x8901, 0x8902

DENIED = (
    # Run programs.
    *("execve", "execveat"),
    # Start processes. `clone` also starts threads, see below.
    *("fork", "vfork", "unshare", "setns"),
    # Inspect other processes, or change how they run.
    *("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "process_mrelease", "kcmp"),
    *("pidfd_open", "pidfd_getfd", "pidfd_send_signal", "tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"),
    *("setpriority", "sched_setscheduler", "sched_setparam", "sched_setattr", "ioprio_set"),
    *("migrate_pages", "move_pages"),
    # Serve. Landlock does not see the port that `listen` chooses by itself, nor UDP ports.
    *("bind", "listen", "accept", "accept4"),
    # Bypass this filter, or reach large parts of the kernel.
    *("io_uring_setup", "io_uring_enter", "io_uring_register", "bpf", "perf_event_open", "userfaultfd"),
    *("keyctl", "add_key", "request_key", "modify_ldt", "personality", "open_by_handle_at", "fanotify_init"),
    # Share memory or exchange messages with any process that knows the identifier.
    *("shmget", "shmat", "msgget", "semget", "mq_open"),
    # Change permissions and attributes of files. Landlock does not restrict that.
    *("chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat", "file_setattr"),
    *("setxattr", "lsetxattr", "fsetxattr", "setxattrat", "removexattr", "lremovexattr", "fremovexattr"),
    *("removexattrat", "utime", "utimes", "futimesat", "utimensat"),
    # Administer the machine, in case this process runs as root.
    *("mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "open_tree_attr", "fsopen"),
    *("mount_setattr", "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot"),
    *("swapon", "swapoff", "acct", "syslog", "quotactl", "settimeofday", "clock_settime"),
)
"""Calls that fail with EPERM. A library that tries one gets an error, and the process continues."""

_libc = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    """``struct sock_fprog`` of linux/filter.h."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def available() -> bool:
    """Return whether this kernel supports filters and the call numbers of its architecture are known here."""
    architecture = architecture_of(platform.machine())
    if architecture is None or sys.platform != "linux":
        return False
    action = ctypes.c_uint32(bpf.KILL_PROCESS)
    return bool(_libc.syscall(ctypes.c_long(architecture.seccomp), _GET_ACTION_AVAIL, 0, ctypes.byref(action)) == 0)


def forbid_new_privileges() -> None:
    """Prevent programs from gaining privileges (``no_new_privs``). The kernel requires this before it accepts a filter.

    Also prevents other processes of this user from inspecting this process.
    """
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_DUMPABLE, 0)


def restrict(*, unix_sockets: bool, udp: bool) -> None:
    """Give up, in all threads, the calls in :data:`DENIED` and the uses of other calls that documents do not need.

    Raises
    ------
    OSError
        The kernel rejected the filter.

    """
    architecture = architecture_of(platform.machine())
    if architecture is None:
        raise OSError(f"the system call numbers of {platform.machine()} are unknown")
    install(program(architecture, os.getpid(), unix_sockets=unix_sockets, udp=udp), architecture)


def install(instructions: list[Instruction], architecture: Architecture) -> None:
    """Let a filter program decide on all later system calls of this process, in all threads, and of its children.

    Raises
    ------
    OSError
        The kernel rejected the filter.

    """
    code = bpf.assemble(instructions)
    filtered = _Program(len(code) // bpf.SIZE, code)
    result = _libc.syscall(
        ctypes.c_long(architecture.seccomp), _SET_MODE_FILTER, _TSYNC | _SPEC_ALLOW, ctypes.byref(filtered)
    )
    if result != 0:
        # A positive result is the id of a thread that cannot be restricted.
        number = ctypes.get_errno() if result < 0 else 0
        raise OSError(number, os.strerror(number) if number else f"thread {result} already has a filter")


def program(architecture: Architecture, pid: int, *, unix_sockets: bool, udp: bool) -> list[Instruction]:
    """Return the filter program for the process with this id."""

    def on(name: str, *body: Instruction) -> list[Instruction]:
        number = architecture.numbers.get(name)
        return [] if number is None else bpf.on_call(number, *body)

    denied = (number for name in DENIED if (number := architecture.numbers.get(name)) is not None)
    # Calls of another ABI have other numbers. No library makes them.
    return [
        *bpf.unless_architecture(architecture.audit, bpf.KILL_PROCESS),
        *bpf.from_call(_X32, bpf.KILL_PROCESS),
        # Calls newer than this code. Libraries fall back to older calls.
        *bpf.from_call(NEWEST + 1, bpf.ENOSYS),
        *(instruction for number in denied for instruction in bpf.on_call(number, bpf.return_action(bpf.EPERM))),
        # The flags of `clone3` are in memory, which a filter cannot read. Libraries fall back to `clone`.
        *on("clone3", bpf.return_action(bpf.ENOSYS)),
        *on("clone", *bpf.allow_if_any_bit(0, _CLONE_THREAD)),
        *on("kill", *bpf.allow_if_equal(0, pid)),
        *on("tgkill", *bpf.allow_if_equal(0, pid)),
        *on("prlimit64", *bpf.allow_if_equal(0, 0, pid)),
        *on("sched_setaffinity", *bpf.allow_if_equal(0, 0, pid)),
        *on("socket", *_socket(unix_sockets=unix_sockets, udp=udp)),
        # Sending with this flag opens a connection that Landlock does not see (nor Multipath TCP, see `_socket`).
        *on("sendto", *bpf.allow_unless_any_bit(3, _MSG_FASTOPEN)),
        *on("sendmsg", *bpf.allow_unless_any_bit(2, _MSG_FASTOPEN)),
        *on("sendmmsg", *bpf.allow_unless_any_bit(3, _MSG_FASTOPEN)),
        # These requests type into the worker's terminal, or make the kernel send signals to other processes.
        *on("ioctl", *bpf.allow_unless_equal(1, _TIOCSTI, _TIOCLINUX, _FIOSETOWN, _SIOCSPGRP)),
        *on("fcntl", *bpf.allow_unless_equal(1, _F_SETOWN, _F_SETSIG, _F_SETOWN_EX)),
        bpf.return_action(bpf.ALLOW),
    ]


def _socket(*, unix_sockets: bool, udp: bool) -> list[Instruction]:
    """Return the rule for ``socket(family, type, protocol)``: allow TCP, and UDP and Unix sockets if needed."""
    datagrams = bpf.if_equal(_SOCK_DGRAM, bpf.load_argument(2), *bpf.allow_if(0, _UDP)) if udp else []
    internet = [
        bpf.load_argument(1),
        bpf.mask(_SOCK_TYPES),
        *bpf.if_equal(_SOCK_STREAM, bpf.load_argument(2), *bpf.allow_if(0, _TCP)),
        *datagrams,
        bpf.return_action(bpf.EPERM),
    ]
    return [
        bpf.load_argument(0),
        *bpf.if_equal(_AF_UNIX, bpf.return_action(bpf.ALLOW if unix_sockets else bpf.EPERM)),
        *bpf.if_equal(_AF_INET, *internet),
        *bpf.if_equal(_AF_INET6, *internet),
        bpf.return_action(bpf.EPERM),
    ]


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, ctypes.c_ulong(value), *(ctypes.c_ulong(0),) * 3) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
