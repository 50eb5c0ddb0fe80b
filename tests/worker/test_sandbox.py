"""The rules of the sandbox: which system calls, files and ports a pool process keeps, by architecture and kernel.

tests/system/security/test_sandbox.py checks with a real worker that the kernel enforces them.
"""

import fcntl
import os
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from shared.settings import Settings
from worker.sandbox import (
    bpf,
    confine,
    enforcement,
    landlock,
    log_status,
    missing_protections,
    policy_from_settings,
    seccomp,
)
from worker.sandbox.bpf import Instruction
from worker.sandbox.policy import Policy
from worker.sandbox.syscalls import ARM64, NEWEST, X86_64, Architecture

BOTH = pytest.mark.parametrize("architecture", [X86_64, ARM64], ids=["x86-64", "arm64"])
PID = 1234

TCP, UDP, MPTCP = 6, 17, 262
UNIX, INET, INET6, NETLINK = 1, 2, 10, 16
STREAM, DGRAM, RAW, CLOEXEC = 1, 2, 3, 0o2000000
FASTOPEN, NOSIGNAL = 0x2000_0000, 0x4000
THREAD = 0x3D0F00  # the flags of glibc's pthread_create

NAMES = {bpf.ALLOW: "allowed", bpf.EPERM: "denied", bpf.ENOSYS: "unknown", bpf.KILL_PROCESS: "killed"}


@pytest.fixture(autouse=True)
def without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the proxies of the developer's shell, which a policy would allow."""
    for name in [each for each in os.environ if each.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


def run_filter(program: list[Instruction], audit: int, number: int, *arguments: int) -> str:
    """Run a filter as the kernel does, on little-endian data."""
    data = {0: number, 4: audit} | {16 + 8 * index: value & 0xFFFF_FFFF for index, value in enumerate(arguments)}
    position = register = 0
    while True:
        code, if_true, if_false, value = program[position]
        position += 1
        match code:
            case 0x20:
                register = data.get(value, 0)
            case 0x54:
                register &= value
            case 0x06:
                return NAMES[value]
            case 0x15 | 0x35 | 0x45:
                true = {0x15: register == value, 0x35: register >= value, 0x45: bool(register & value)}[code]
                position += if_true if true else if_false


def outcome_of(
    architecture: Architecture, name: str, *arguments: int, unix_sockets: bool = False, udp: bool = False
) -> str:
    program = seccomp.program(architecture, PID, unix_sockets=unix_sockets, udp=udp)
    return run_filter(program, architecture.audit, architecture.numbers[name], *arguments)


@BOTH
def test_calls_that_documents_do_not_need_are_denied(architecture: Architecture) -> None:
    for name in ("execve", "execveat", "ptrace", "process_vm_writev", "bind", "listen", "io_uring_setup", "fchmodat"):
        assert outcome_of(architecture, name) == "denied"


@BOTH
def test_starting_threads_is_allowed_and_starting_processes_is_not(architecture: Architecture) -> None:
    assert outcome_of(architecture, "clone", THREAD) == "allowed"
    assert outcome_of(architecture, "clone", 17) == "denied"  # SIGCHLD alone: a fork
    assert outcome_of(architecture, "clone3") == "unknown"  # so that the C library falls back to `clone`


@BOTH
def test_a_process_can_signal_and_limit_only_itself(architecture: Architecture) -> None:
    for name in ("kill", "tgkill", "prlimit64", "sched_setaffinity"):
        assert outcome_of(architecture, name, PID) == "allowed"
        assert outcome_of(architecture, name, PID + 1) == "denied"
        assert outcome_of(architecture, name, -1) == "denied"
    assert outcome_of(architecture, "prlimit64", 0) == "allowed"
    assert outcome_of(architecture, "kill", 0) == "denied"  # the whole process group


@BOTH
def test_a_process_cannot_make_the_kernel_send_signals(architecture: Architecture) -> None:
    for command in (fcntl.F_SETOWN, 15, fcntl.F_SETSIG):
        assert outcome_of(architecture, "fcntl", 0, command) == "denied"
    assert outcome_of(architecture, "fcntl", 0, fcntl.F_SETFD) == "allowed"
    for request in (0x8901, 0x8902):
        assert outcome_of(architecture, "ioctl", 0, request) == "denied"


@BOTH
def test_only_the_needed_kinds_of_sockets_are_allowed(architecture: Architecture) -> None:
    for family in (INET, INET6):
        assert outcome_of(architecture, "socket", family, STREAM | CLOEXEC, 0) == "allowed"
        assert outcome_of(architecture, "socket", family, STREAM, TCP) == "allowed"
        assert outcome_of(architecture, "socket", family, STREAM, MPTCP) == "denied"
        assert outcome_of(architecture, "socket", family, DGRAM, 0) == "denied"
        assert outcome_of(architecture, "socket", family, DGRAM | CLOEXEC, UDP, udp=True) == "allowed"
        assert outcome_of(architecture, "socket", family, RAW, 0, udp=True) == "denied"
    assert outcome_of(architecture, "socket", UNIX, STREAM, 0) == "denied"
    assert outcome_of(architecture, "socket", UNIX, STREAM, 0, unix_sockets=True) == "allowed"
    assert outcome_of(architecture, "socket", NETLINK, RAW, 0, udp=True, unix_sockets=True) == "denied"


@BOTH
def test_sending_cannot_open_a_connection(architecture: Architecture) -> None:
    for name, before in (("sendto", 3), ("sendmsg", 2), ("sendmmsg", 3)):
        assert outcome_of(architecture, name, *[5] * before, NOSIGNAL) == "allowed"
        assert outcome_of(architecture, name, *[5] * before, NOSIGNAL | FASTOPEN) == "denied"


@BOTH
def test_ordinary_calls_are_allowed_and_newer_ones_are_unknown(architecture: Architecture) -> None:
    program = seccomp.program(architecture, PID, unix_sockets=False, udp=False)
    known = set(architecture.numbers.values())
    assert {run_filter(program, architecture.audit, number) for number in set(range(NEWEST + 1)) - known} == {"allowed"}
    assert run_filter(program, architecture.audit, NEWEST + 1) == "unknown"
    assert outcome_of(architecture, "ioctl", 0, 0x5413) == "allowed"  # a terminal's size
    assert outcome_of(architecture, "ioctl", 0, 0x5412) == "denied"  # typing into it


def test_calls_of_other_abis_kill_the_process() -> None:
    program = seccomp.program(X86_64, PID, unix_sockets=False, udp=False)
    i386, x32_getpid, getpid = 0x4000_0003, 0x4000_0000 + 39, 39
    assert run_filter(program, X86_64.audit, getpid) == "allowed"
    assert run_filter(program, i386, getpid) == "killed"
    assert run_filter(program, ARM64.audit, getpid) == "killed"
    assert run_filter(program, X86_64.audit, x32_getpid) == "killed"


def policy(tmp_path: Path, redis_url: str = "redis://10.0.0.5:6380/0", **changes: object) -> Policy:
    changes = {"redis_url": redis_url, "data_dir": tmp_path, **changes}
    return policy_from_settings(Settings.model_validate(changes))


def test_the_default_policy_allows_redis_and_the_storage_directory_and_no_name_lookup(tmp_path: Path) -> None:
    made = policy(tmp_path)
    assert made.ports == frozenset({6380})
    assert tmp_path / "blobs" in made.write
    assert (tmp_path / "blobs").is_dir()
    assert not made.udp
    assert not made.unix_sockets


@pytest.mark.parametrize(
    ("settings", "ports"),
    [
        ({"redis_url": "rediss://redis.example.org"}, {6379, 53}),
        ({"storage_url": "s3://documents", "storage_options": '{"secret_access_key": "x"}'}, {6380, 443, 53}),
        ({"storage_url": "s3://documents"}, {6380, 443, 80, 53}),  # the metadata server gives the credentials
        (
            {
                "storage_url": "s3://documents",
                "storage_options": '{"secret_access_key": "x", "endpoint": "http://10.0.0.6:9000"}',
            },
            {6380, 9000},
        ),
        ({"otel_exporter_otlp_endpoint": "http://collector:4318"}, {6380, 4318, 53}),
    ],
    ids=["tls", "s3", "s3 without keys", "s3 endpoint", "traces"],
)
def test_the_policy_allows_the_ports_that_the_settings_name(
    tmp_path: Path, settings: dict[str, str], ports: set[int]
) -> None:
    made = policy(tmp_path, **settings)
    assert made.ports == frozenset(ports)
    assert made.udp == (53 in ports)


def test_an_embedded_server_needs_its_socket_and_no_tcp_port(tmp_path: Path) -> None:
    made = policy(tmp_path, f"unix://{tmp_path}/valkey.sock")
    assert made.unix_sockets == {tmp_path / "valkey.sock"}
    assert made.ports == frozenset()


def test_all_ports_are_allowed_if_no_sentinel_responds(tmp_path: Path) -> None:
    with capture_logs() as logs:
        made = policy(tmp_path, "redis+sentinel://127.0.0.1:1/main")
    assert made.ports is None
    assert [line["log_level"] for line in logs] == ["warning"]


def test_certificates_of_redis_and_identity_tokens_are_readable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/run/tokens/aws/token")
    made = policy(tmp_path, "rediss://10.0.0.5?ssl_ca_certs=/etc/ours/ca.pem", storage_url="s3://documents")
    assert {Path("/etc/ours/ca.pem"), Path("/run/tokens/aws")} <= made.read


def test_the_policy_allows_the_proxy_and_the_certificates_that_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", "/etc/ours/collector.pem")
    monkeypatch.setenv("HTTPS_PROXY", "10.0.0.9:3128")
    monkeypatch.setenv("no_proxy", "10.0.0.8,storage.example")  # these names are no proxies
    monkeypatch.setenv("HTTP_PROXY", "http://proxy:port")  # an invalid value that must not end the process
    made = policy(tmp_path, otel_exporter_otlp_endpoint="https://10.0.0.7:4318")
    assert Path("/etc/ours/collector.pem") in made.read
    assert made.ports == frozenset({6380, 4318, 3128})


def test_files_next_to_our_code_and_in_the_data_directory_are_not_accessible(tmp_path: Path) -> None:
    made = policy(tmp_path)
    root = Path(__file__).parents[2]
    for secret in (root / ".env", tmp_path / "audit.log", Path("/run/secrets/api_keys"), Path.home(), Path("/etc")):
        assert not {secret, *secret.parents} & (made.read | made.write), secret


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulate a kernel without Landlock and seccomp."""
    monkeypatch.setattr(landlock, "abi", lambda: 0)
    monkeypatch.setattr(seccomp, "available", lambda: False)


@pytest.mark.usefixtures("bare")
@pytest.mark.skipif(sys.platform != "linux", reason="other systems report that Linux is missing")
def test_a_kernel_without_landlock_and_seccomp_is_reported_and_documents_are_still_read() -> None:
    absent = missing_protections(enabled=True, accelerated=False)
    assert absent == ("Landlock: files and ports", "seccomp: programs and processes")
    with capture_logs() as logs:
        log_status(absent)
    assert [(line["log_level"], line["missing"]) for line in logs] == [("warning", ", ".join(absent))]
    confine(Policy())
    Path(__file__).read_bytes()


def test_a_disabled_sandbox_is_reported() -> None:
    assert missing_protections(enabled=False, accelerated=False) == ("disabled by DECODER_SANDBOX",)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems report that Linux is missing")
def test_an_older_kernel_and_a_container_that_forbids_the_sandbox_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seccomp, "available", lambda: True)
    monkeypatch.setattr(landlock, "abi", lambda: 3)
    monkeypatch.setattr(enforcement, "_can_restrict", lambda: True)
    assert missing_protections(enabled=True, accelerated=True) == (
        "Landlock of Linux 6.7: ports",
        "Landlock of Linux 7.0: CUDA's threads",
    )
    monkeypatch.setattr(landlock, "abi", lambda: 8)
    monkeypatch.setattr(enforcement, "_can_restrict", lambda: False)
    assert missing_protections(enabled=True, accelerated=True)[0].startswith("permission")


@pytest.mark.usefixtures("bare")
def test_a_failed_step_is_logged_and_the_other_steps_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    done = []

    def fail(*_: object) -> None:
        raise PermissionError("not here")

    monkeypatch.setattr(landlock, "abi", lambda: 8)
    monkeypatch.setattr(landlock, "restrict", fail)
    monkeypatch.setattr(seccomp, "available", lambda: True)
    monkeypatch.setattr(seccomp, "forbid_new_privileges", lambda: None)
    monkeypatch.setattr(seccomp, "restrict", lambda **_: done.append("seccomp"))
    with capture_logs() as logs:
        confine(Policy())
    assert [line["error"] for line in logs] == ["PermissionError: not here"]
    assert done == ["seccomp"]
