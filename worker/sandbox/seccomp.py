"""Seccomp: a process gives up system calls for good, in all of its threads.

https://docs.kernel.org/userspace-api/seccomp_filter.html and seccomp(2). Needs no privileges. The kernel runs a small
program (classic BPF, :mod:`worker.sandbox.bpf`) before each call, and remembers for which numbers it always says yes.
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
_TSYNC, _SPEC_ALLOW = 1 << 0, 1 << 2  # all threads; no slower processor, as before Linux 5.16 a filter brings
_X32 = 0x4000_0000  # numbers of x86-64's second ABI

_CLONE_THREAD = 0x1_0000
_AF_UNIX, _AF_INET, _AF_INET6 = 1, 2, 10
_SOCK_STREAM, _SOCK_DGRAM, _SOCK_TYPES = 1, 2, 0xF  # the type's bits; the others are flags
_TCP, _UDP = 6, 17
_MSG_FASTOPEN = 0x2000_0000
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_F_SETOWN, _F_SETSIG, _F_SETOWN_EX, _FIOSETOWN, _SIOCSPGRP = 8, 10, 15, 0x8901, 0x8902

REFUSED = (
    # Run programs.
    *("execve", "execveat"),
    # Make processes; `clone` makes threads too, see below.
    *("fork", "vfork", "unshare", "setns"),
    # Look into other processes, or change how they run.
    *("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "process_mrelease", "kcmp"),
    *("pidfd_open", "pidfd_getfd", "pidfd_send_signal", "tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"),
    *("setpriority", "sched_setscheduler", "sched_setparam", "sched_setattr", "ioprio_set"),
    *("migrate_pages", "move_pages"),
    # Serve: Landlock does not see the port that `listen` takes by itself, nor those of UDP.
    *("bind", "listen", "accept", "accept4"),
    # Go round this filter, or reach far into the kernel.
    *("io_uring_setup", "io_uring_enter", "io_uring_register", "bpf", "perf_event_open", "userfaultfd"),
    *("keyctl", "add_key", "request_key", "modify_ldt", "personality", "open_by_handle_at", "fanotify_init"),
    # Share memory with, or leave messages to, any process that knows their number.
    *("shmget", "shmat", "msgget", "semget", "mq_open"),
    # Change who may do what with a file, which Landlock leaves alone.
    *("chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat", "file_setattr"),
    *("setxattr", "lsetxattr", "fsetxattr", "setxattrat", "removexattr", "lremovexattr", "fremovexattr"),
    *("removexattrat", "utime", "utimes", "futimesat", "utimensat"),
    # Administer the machine, should this process be root.
    *("mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "open_tree_attr", "fsopen"),
    *("mount_setattr", "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot"),
    *("swapon", "swapoff", "acct", "syslog", "quotactl", "settimeofday", "clock_settime"),
)
"""Calls that fail as not permitted (EPERM): a library that tries one gets an error, and the process lives."""

_libc = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    """``struct sock_fprog`` of linux/filter.h."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def available() -> bool:
    """Tell whether this kernel has filters, and this file knows the numbers of its system calls."""
    architecture = architecture_of(platform.machine())
    if architecture is None or sys.platform != "linux":
        return False
    action = ctypes.c_uint32(bpf.KILL_PROCESS)
    return bool(_libc.syscall(ctypes.c_long(architecture.seccomp), _GET_ACTION_AVAIL, 0, ctypes.byref(action)) == 0)


def forbid_new_privileges() -> None:
    """Let no program that is run gain privileges (``no_new_privs``): what the kernel asks before it takes a filter.

    Other processes of this user cannot look into this one either, from now on.
    """
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_DUMPABLE, 0)


def restrict(*, unix_sockets: bool, udp: bool) -> None:
    """Give up the calls that are :data:`REFUSED`, and other uses of some than documents need, in all threads.

    Raises
    ------
    OSError
        The kernel refused.

    """
    architecture = architecture_of(platform.machine())
    if architecture is None:
        raise OSError(f"no numbers of system calls for {platform.machine()}")
    code = bpf.assemble(program(architecture, os.getpid(), unix_sockets=unix_sockets, udp=udp))
    filtered = _Program(len(code) // bpf.SIZE, code)
    result = _libc.syscall(
        ctypes.c_long(architecture.seccomp), _SET_MODE_FILTER, _TSYNC | _SPEC_ALLOW, ctypes.byref(filtered)
    )
    if result != 0:
        # A thread's number, if that cannot be restricted as well.
        number = ctypes.get_errno() if result < 0 else 0
        raise OSError(number, os.strerror(number) if number else f"thread {result} has a filter of its own")


def program(architecture: Architecture, pid: int, *, unix_sockets: bool, udp: bool) -> list[Instruction]:
    """Return the filter's program for a process of this number."""

    def on(name: str, *body: Instruction) -> list[Instruction]:
        number = architecture.numbers.get(name)
        return [] if number is None else bpf.on_call(number, *body)

    refused = (number for name in REFUSED if (number := architecture.numbers.get(name)) is not None)
    # Calls into another ABI have other numbers; no library makes them.
    return [
        *bpf.unless_architecture(architecture.audit, bpf.KILL_PROCESS),
        *bpf.from_call(_X32, bpf.KILL_PROCESS),
        # What did not exist when this was written: libraries then do without.
        *bpf.from_call(NEWEST + 1, bpf.ENOSYS),
        *(instruction for number in refused for instruction in bpf.on_call(number, bpf.give(bpf.EPERM))),
        # Its flags are in memory, where a filter cannot look; libraries then call `clone`.
        *on("clone3", bpf.give(bpf.ENOSYS)),
        *on("clone", *bpf.allow_if_any_bit(0, _CLONE_THREAD)),
        *on("kill", *bpf.allow_if_equal(0, pid)),
        *on("tgkill", *bpf.allow_if_equal(0, pid)),
        *on("prlimit64", *bpf.allow_if_equal(0, 0, pid)),
        *on("sched_setaffinity", *bpf.allow_if_equal(0, 0, pid)),
        *on("socket", *_socket(unix_sockets=unix_sockets, udp=udp)),
        # Sending with this flag connects, and Landlock does not see it (nor Multipath TCP, see `_socket`).
        *on("sendto", *bpf.allow_unless_any_bit(3, _MSG_FASTOPEN)),
        *on("sendmsg", *bpf.allow_unless_any_bit(2, _MSG_FASTOPEN)),
        *on("sendmmsg", *bpf.allow_unless_any_bit(3, _MSG_FASTOPEN)),
        # Would type into the terminal that the worker was started from, or have the kernel send signals to others.
        *on("ioctl", *bpf.allow_unless_equal(1, _TIOCSTI, _TIOCLINUX, _FIOSETOWN, _SIOCSPGRP)),
        *on("fcntl", *bpf.allow_unless_equal(1, _F_SETOWN, _F_SETSIG, _F_SETOWN_EX)),
        bpf.give(bpf.ALLOW),
    ]


def _socket(*, unix_sockets: bool, udp: bool) -> list[Instruction]:
    """Return the rule of ``socket(family, type, protocol)``: TCP, and what of the rest is needed."""
    datagrams = bpf.when(_SOCK_DGRAM, bpf.load_argument(2), *bpf.allow_if(0, _UDP)) if udp else []
    internet = [
        bpf.load_argument(1),
        bpf.mask(_SOCK_TYPES),
        *bpf.when(_SOCK_STREAM, bpf.load_argument(2), *bpf.allow_if(0, _TCP)),
        *datagrams,
        bpf.give(bpf.EPERM),
    ]
    return [
        bpf.load_argument(0),
        *bpf.when(_AF_UNIX, bpf.give(bpf.ALLOW if unix_sockets else bpf.EPERM)),
        *bpf.when(_AF_INET, *internet),
        *bpf.when(_AF_INET6, *internet),
        bpf.give(bpf.EPERM),
    ]


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, ctypes.c_ulong(value), *(ctypes.c_ulong(0),) * 3) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
