"""Measures the Compose deployment with several worker containers, each with the same share of a core.

The share is small, so that several workers fit on a machine with two cores, next to the API and Redis. Ratios between
numbers of workers do not depend on the share, as long as the cores are not all busy.
"""

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import click

from bench.performance.documents import cases
from bench.performance.http_client import Client
from tests.support.servers import ROOT, free_port

_PROJECT = "nsfas-bench"
_WARM_UP = 5.0  # seconds until resumed workers are at full speed
_CLIENTS = 4  # concurrent submissions
_JOBS_PER_CORE_SECOND = 100  # more than a worker reaches, so that the queue does not become empty


@dataclass(frozen=True)
class _Moment:
    """Time in seconds, queued jobs, and the processor time that the workers have used, in seconds."""

    time: float
    queued: int
    core_seconds: float


def run(workers: Sequence[int], share: float, seconds: float) -> None:
    """Print jobs per second with each number of workers, and the ratio to the first.

    Parameters
    ----------
    workers
        Numbers of worker containers, in ascending order.
    share
        Cores that each container may use.
    seconds
        Duration of one measurement.

    Raises
    ------
    subprocess.CalledProcessError
        A command of Docker failed.
    click.ClickException
        The workers were too slow to end a job in this time.

    """
    rates: list[float] = []
    with _deployment() as deployment:
        for count in workers:
            deployment.scale(count)
            deployment.limit(share)
            deployment.compose("pause", "worker")
            _submit(deployment, int(count * share * (_WARM_UP + seconds) * _JOBS_PER_CORE_SECOND))
            deployment.compose("unpause", "worker")
            time.sleep(_WARM_UP)
            before = deployment.moment(count)
            time.sleep(seconds)
            after = deployment.moment(count)
            passed, jobs = after.time - before.time, before.queued - after.queued
            if jobs == 0:
                raise click.ClickException(f"No job ended in {seconds:g} s. Use a longer time or a larger share.")
            cores = after.core_seconds - before.core_seconds
            rates.append(jobs / passed)
            click.echo(
                f"{count} worker(s) with {share} cores each: {rates[-1]:.1f} jobs/s, ratio {rates[-1] / rates[0]:.2f}; "
                f"{cores / passed:.2f} cores used, {1000 * cores / jobs:.1f} ms of core time a job"
            )


@dataclass(frozen=True)
class _Deployment:
    port: int
    environment: dict[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def compose(self, *arguments: str) -> str:
        """Run ``docker compose`` and return its standard output."""
        return self._docker("compose", "--progress", "quiet", *arguments)

    def limit(self, share: float) -> None:
        """Limit the processor time of each worker. They start without this limit, since that is faster."""
        self._docker("update", "--cpus", str(share), *self.compose("ps", "--quiet", "worker").split())

    def scale(self, workers: int) -> None:
        """Start or stop workers until this number is healthy. No other container runs jobs."""
        self.compose("up", "--detach", "--wait", "--scale", f"worker={workers}", "--scale", "worker-bulk=0")

    def moment(self, workers: int) -> _Moment:
        """Return the present state."""
        queued = Client(self.url, b"", "").queued()
        return _Moment(time.monotonic(), queued, sum(map(self._core_seconds, range(1, workers + 1))))

    def _core_seconds(self, index: int) -> float:
        """Return the processor time of all processes of a worker container."""
        command = ("sh", "-c", "cat /proc/[0-9]*/stat")
        stats = self.compose("exec", "-T", "--index", str(index), "worker", *command).splitlines()
        # utime and stime are the fields 14 and 15 of proc(5). The name in field 2 may contain spaces.
        ticks = sum(int(ticks) for line in stats for ticks in line.rpartition(")")[2].split()[11:13])
        return ticks / os.sysconf("SC_CLK_TCK")

    def _docker(self, *arguments: str) -> str:
        command = ["docker", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
        return done.stdout


@contextmanager
def _deployment() -> Iterator[_Deployment]:
    """Run the deployment without workers inside the context, in containers of its own."""
    port = free_port()
    variables = {"COMPOSE_PROJECT_NAME": _PROJECT, "PORT": str(port), "WORKER_PROCESSES": "1"}
    deployment = _Deployment(port, os.environ | variables)
    try:
        deployment.compose("build", "api", "worker")
        deployment.scale(0)
        yield deployment
    finally:
        deployment.compose("down", "--volumes", "--remove-orphans")


def _submit(deployment: _Deployment, count: int) -> None:
    document = cases()[0].files[0]

    def send(jobs: int) -> None:
        client = Client(deployment.url, document, "")
        for _ in range(jobs):
            client.submit()

    with ThreadPoolExecutor(_CLIENTS) as pool:
        list(pool.map(send, [count // _CLIENTS] * _CLIENTS))
