"""Runs a program that gets no notice when the machine's network changes.

Chromium drops the requests that wait for a connection when an address is added to the machine or removed
(``net::ERR_NETWORK_CHANGED``), as happens when other tests start containers. No option prevents that. It hears of the
change through a netlink socket (rtnetlink(7)), and assumes that nothing changes if it cannot open one.

    python -m tests.browser.without_network_changes PROGRAM [ARGUMENT...]
"""

import os
import platform
import socket
import sys

from worker.sandbox import bpf, seccomp
from worker.sandbox.syscalls import architecture_of


def refuse_netlink_sockets() -> None:
    """Make the kernel refuse netlink sockets to this process and its children, for as long as they live.

    Raises
    ------
    OSError
        The kernel has no filters for system calls (:func:`worker.sandbox.seccomp.available`).

    """
    architecture = architecture_of(platform.machine())
    if architecture is None:
        raise OSError(f"the system call numbers of {platform.machine()} are unknown")
    allow = bpf.return_action(bpf.ALLOW)
    family = [bpf.load_argument(0), *bpf.if_equal(socket.AF_NETLINK, bpf.return_action(bpf.EPERM)), allow]
    seccomp.forbid_new_privileges()
    seccomp.install(
        [
            *bpf.unless_architecture(architecture.audit, bpf.ALLOW),
            *bpf.on_call(architecture.numbers["socket"], *family),
            allow,
        ],
        architecture,
    )


if __name__ == "__main__":
    refuse_netlink_sockets()
    os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606 - the arguments go to the program as they are
