"""Runs the services that ``python -m bench service`` compares the real one with."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.servers import System, free_port, start, valkey

_MINIMAL = "bench.performance.minimal_queue"


@contextmanager
def simple_service(processes: int) -> Iterator[System]:
    """Run :mod:`bench.performance.simple_service` with this number of processes."""
    # dlib holds the interpreter for seconds, so a worker that is busy would miss uvicorn's health check and be killed.
    options = ("--workers", str(processes), "--timeout-worker-healthcheck", "600")
    with (
        tempfile.TemporaryDirectory() as folder,
        _serving("bench.performance.simple_service:app", Path(folder), *options) as system,
    ):
        yield system


@contextmanager
def minimal_queue(processes: int, prefetch: int = 1) -> Iterator[System]:
    """Run :mod:`bench.performance.minimal_queue` with a Valkey server and this number of pool processes.

    Each process holds ``prefetch`` messages: 1 in the service, 4 by Celery's default.
    """
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "documents").mkdir()
        command = ["-m", "celery", "-A", f"{_MINIMAL}:celery", "worker", "--concurrency", str(processes)]
        command += ["--prefetch-multiplier", str(prefetch), "--loglevel", "WARNING"]
        command += ["--without-gossip", "--without-mingle"]
        with valkey(home / "valkey") as url:
            shared = {"redis_url": url, "data_dir": home / "documents"}
            worker = start(command, home / "worker.log", **shared)
            try:
                with _serving(f"{_MINIMAL}:app", home, **shared) as system:
                    yield system
            finally:
                worker.interrupt()


@contextmanager
def _serving(application: str, home: Path, *options: str, **settings: object) -> Iterator[System]:
    """Run an application with uvicorn inside the context, which starts when it serves requests."""
    port = free_port()
    command = ["-m", "uvicorn", application, *options]
    system = start(command, home / "log", port=port, uvicorn_port=port, uvicorn_log_level="warning", **settings)
    try:
        system.wait_until_live()
        yield system
    finally:
        system.interrupt()
