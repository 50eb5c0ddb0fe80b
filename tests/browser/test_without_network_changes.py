"""The program that runs Chromium so that it does not notice network changes."""

import subprocess
import sys

import pytest

from tests.browser import without_network_changes
from worker.sandbox import seccomp

OPENS = """
from socket import AF_NETLINK, AF_UNIX, SOCK_RAW, create_server, socket

create_server(("127.0.0.1", 0)).close()
socket(AF_UNIX).close()
try:
    socket(AF_NETLINK, SOCK_RAW)
except PermissionError:
    print("refused")
"""


@pytest.mark.skipif(not seccomp.available(), reason="this kernel has no filters for system calls")
def test_a_program_without_network_changes_gets_no_netlink_socket_and_all_others() -> None:
    command = [sys.executable, "-m", without_network_changes.__name__, sys.executable, "-c", OPENS]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "refused\n"
