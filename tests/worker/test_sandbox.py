"""The rules of the wall: which system calls, files and ports a pool process keeps, on each architecture and kernel.

That the kernel follows them, in a real worker: tests/system/test_sandbox.py.
"""

import fcntl
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from shared.settings import Settings
from worker.sandbox import bpf, confine, enforcement, landlock, missing, policy_of, report, seccomp
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

NAMES = {bpf.ALLOW: "allowed", bpf.EPERM: "refused", bpf.ENOSYS: "unknown", bpf.KILL_PROCESS: "killed"}


def answer(program: list[Instruction], audit: int, number: int, *arguments: int) -> str:
    """Run a filter as the kernel does, on little-endian data."""
    words = {0: number, 4: audit} | {16 + 8 * index: value & 0xFFFF_FFFF for index, value in enumerate(arguments)}
    position = register = 0
    while True:
        code, if_true, if_false, value = program[position]
        position += 1
        match code:
            case 0x20:
                register = words.get(value, 0)
            case 0x54:
                register &= value
            case 0x06:
                return NAMES[value]
            case 0x15 | 0x35 | 0x45:
                true = {0x15: register == value, 0x35: register >= value, 0x45: bool(register & value)}[code]
                position += if_true if true else if_false


def asked(architecture: Architecture, name: str, *arguments: int, unix_sockets: bool = False, udp: bool = False) -> str:
    program = seccomp.program(architecture, PID, unix_sockets=unix_sockets, udp=udp)
    return answer(program, architecture.audit, architecture.numbers[name], *arguments)


@BOTH
def test_calls_that_documents_do_not_need_are_refused(architecture: Architecture) -> None:
    for name in ("execve", "execveat", "ptrace", "process_vm_writev", "bind", "listen", "io_uring_setup", "fchmodat"):
        assert asked(architecture, name) == "refused"


@BOTH
def test_threads_may_be_made_and_processes_may_not(architecture: Architecture) -> None:
    assert asked(architecture, "clone", THREAD) == "allowed"
    assert asked(architecture, "clone", 17) == "refused"  # SIGCHLD alone: a fork
    assert asked(architecture, "clone3") == "unknown"  # so that the C library calls `clone`


@BOTH
def test_a_process_may_signal_and_limit_itself_alone(architecture: Architecture) -> None:
    for name in ("kill", "tgkill", "prlimit64", "sched_setaffinity"):
        assert asked(architecture, name, PID) == "allowed"
        assert asked(architecture, name, PID + 1) == "refused"
        assert asked(architecture, name, -1) == "refused"
    assert asked(architecture, "prlimit64", 0) == "allowed"
    assert asked(architecture, "kill", 0) == "refused"  # the whole process group


@BOTH
def test_the_kernel_signals_nobody_for_a_process(architecture: Architecture) -> None:
    for command in (fcntl.F_SETOWN, 15, fcntl.F_SETSIG):
        assert asked(architecture, "fcntl", 0, command) == "refused"
    assert asked(architecture, "fcntl", 0, fcntl.F_SETFD) == "allowed"
    for request in (0x8901, 0x8902):
        assert asked(architecture, "ioctl", 0, request) == "refused"


@BOTH
def test_sockets_are_of_the_kinds_that_are_needed(architecture: Architecture) -> None:
    for family in (INET, INET6):
        assert asked(architecture, "socket", family, STREAM | CLOEXEC, 0) == "allowed"
        assert asked(architecture, "socket", family, STREAM, TCP) == "allowed"
        assert asked(architecture, "socket", family, STREAM, MPTCP) == "refused"
        assert asked(architecture, "socket", family, DGRAM, 0) == "refused"
        assert asked(architecture, "socket", family, DGRAM | CLOEXEC, UDP, udp=True) == "allowed"
        assert asked(architecture, "socket", family, RAW, 0, udp=True) == "refused"
    assert asked(architecture, "socket", UNIX, STREAM, 0) == "refused"
    assert asked(architecture, "socket", UNIX, STREAM, 0, unix_sockets=True) == "allowed"
    assert asked(architecture, "socket", NETLINK, RAW, 0, udp=True, unix_sockets=True) == "refused"


@BOTH
def test_sending_connects_nowhere(architecture: Architecture) -> None:
    for name, before in (("sendto", 3), ("sendmsg", 2), ("sendmmsg", 3)):
        assert asked(architecture, name, *[5] * before, NOSIGNAL) == "allowed"
        assert asked(architecture, name, *[5] * before, NOSIGNAL | FASTOPEN) == "refused"


@BOTH
def test_ordinary_calls_are_allowed_and_later_ones_are_unknown(architecture: Architecture) -> None:
    program = seccomp.program(architecture, PID, unix_sockets=False, udp=False)
    known = set(architecture.numbers.values())
    assert {answer(program, architecture.audit, number) for number in set(range(NEWEST + 1)) - known} == {"allowed"}
    assert answer(program, architecture.audit, NEWEST + 1) == "unknown"
    assert asked(architecture, "ioctl", 0, 0x5413) == "allowed"  # a terminal's size
    assert asked(architecture, "ioctl", 0, 0x5412) == "refused"  # typing into it


def test_other_abis_of_the_processor_kill() -> None:
    program = seccomp.program(X86_64, PID, unix_sockets=False, udp=False)
    i386, x32_getpid, getpid = 0x4000_0003, 0x4000_0000 + 39, 39
    assert answer(program, X86_64.audit, getpid) == "allowed"
    assert answer(program, i386, getpid) == "killed"
    assert answer(program, ARM64.audit, getpid) == "killed"
    assert answer(program, X86_64.audit, x32_getpid) == "killed"


def policy(tmp_path: Path, redis_url: str = "redis://10.0.0.5:6380/0", **changes: object) -> Policy:
    changes = {"redis_url": redis_url, "data_dir": tmp_path, **changes}
    return policy_of(Settings.model_validate(changes))


def test_a_process_reaches_redis_and_the_directory_of_the_store_and_looks_up_no_names(tmp_path: Path) -> None:
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
        ({"storage_url": "s3://documents"}, {6380, 443, 80, 53}),  # the machine's identity
        (
            {
                "storage_url": "s3://documents",
                "storage_options": '{"secret_access_key": "x", "endpoint": "http://10.0.0.6:9000"}',
            },
            {6380, 9000},
        ),
        ({"otel_exporter_otlp_endpoint": "http://collector:4318"}, {6380, 4318, 53}),
    ],
    ids=["tls", "s3", "s3 without keys", "s3 elsewhere", "traces"],
)
def test_a_process_reaches_the_ports_that_the_settings_name(
    tmp_path: Path, settings: dict[str, str], ports: set[int]
) -> None:
    made = policy(tmp_path, **settings)
    assert made.ports == frozenset(ports)
    assert made.udp == (53 in ports)


def test_an_embedded_server_is_reached_by_its_socket_and_nothing_by_tcp(tmp_path: Path) -> None:
    made = policy(tmp_path, f"unix://{tmp_path}/valkey.sock")
    assert made.unix_sockets == {tmp_path / "valkey.sock"}
    assert made.ports == frozenset()


def test_servers_that_only_sentinels_know_are_reached_though_no_sentinel_answers(tmp_path: Path) -> None:
    with capture_logs() as logs:
        made = policy(tmp_path, "redis+sentinel://127.0.0.1:1/main")
    assert made.ports is None
    assert [line["log_level"] for line in logs] == ["warning"]


def test_files_of_a_redis_and_of_an_identity_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/run/tokens/aws/token")
    made = policy(tmp_path, "rediss://10.0.0.5?ssl_ca_certs=/etc/ours/ca.pem", storage_url="s3://documents")
    assert {Path("/etc/ours/ca.pem"), Path("/run/tokens/aws")} <= made.read


def test_a_collector_is_reached_through_a_proxy_and_by_certificates_that_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", "/etc/ours/collector.pem")
    monkeypatch.setenv("HTTPS_PROXY", "10.0.0.9:3128")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy:port")  # a mistake, which must not end the process
    made = policy(tmp_path, otel_exporter_otlp_endpoint="https://10.0.0.7:4318")
    assert Path("/etc/ours/collector.pem") in made.read
    assert made.ports == frozenset({6380, 4318, 3128})


def test_what_lies_beside_our_code_and_in_the_data_directory_is_not_in_reach(tmp_path: Path) -> None:
    made = policy(tmp_path)
    root = Path(__file__).parents[2]
    for secret in (root / ".env", tmp_path / "audit.log", Path("/run/secrets/api_keys"), Path.home(), Path("/etc")):
        assert not {secret, *secret.parents} & (made.read | made.write), secret


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a kernel that has neither."""
    monkeypatch.setattr(landlock, "abi", lambda: 0)
    monkeypatch.setattr(seccomp, "available", lambda: False)


@pytest.mark.usefixtures("bare")
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is Linux that is missing")
def test_a_kernel_without_either_is_reported_and_documents_are_read_all_the_same() -> None:
    lacking = missing(enabled=True, accelerated=False)
    assert lacking == ("Landlock: files and ports", "seccomp: programs and processes")
    with capture_logs() as logs:
        report(lacking)
    assert [(line["log_level"], line["missing"]) for line in logs] == [("warning", ", ".join(lacking))]
    confine(Policy())
    Path(__file__).read_bytes()


def test_a_wall_that_is_switched_off_is_reported() -> None:
    assert missing(enabled=False, accelerated=False) == ("switched off by DECODER_SANDBOX",)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is Linux that is missing")
def test_an_older_kernel_and_a_container_that_forbids_it_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seccomp, "available", lambda: True)
    monkeypatch.setattr(landlock, "abi", lambda: 3)
    monkeypatch.setattr(enforcement, "_stands", lambda: True)
    assert missing(enabled=True, accelerated=True) == (
        "Landlock of Linux 6.7: ports",
        "Landlock of Linux 7.0: CUDA's threads",
    )
    monkeypatch.setattr(landlock, "abi", lambda: 8)
    monkeypatch.setattr(enforcement, "_stands", lambda: False)
    assert missing(enabled=True, accelerated=True)[0].startswith("the system's leave")


@pytest.mark.usefixtures("bare")
def test_a_refusal_of_the_kernel_is_logged_and_the_rest_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    done = []

    def refuse(*_: object) -> None:
        raise PermissionError("not here")

    monkeypatch.setattr(landlock, "abi", lambda: 8)
    monkeypatch.setattr(landlock, "restrict", refuse)
    monkeypatch.setattr(seccomp, "available", lambda: True)
    monkeypatch.setattr(seccomp, "forbid_new_privileges", lambda: None)
    monkeypatch.setattr(seccomp, "restrict", lambda **_: done.append("seccomp"))
    with capture_logs() as logs:
        confine(Policy())
    assert [line["error"] for line in logs] == ["PermissionError: not here"]
    assert done == ["seccomp"]
