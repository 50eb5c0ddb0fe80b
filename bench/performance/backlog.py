"""Measures whether a job costs the same with few and with many queued jobs: processor time, latency, memory of Redis.

The API and a Valkey server run as in production; workers do not. The queue is filled without HTTP, by the code with
which the API creates a job, since that is faster. Then some more jobs are submitted by HTTP, and the oldest jobs are
claimed and ended as a worker does, without their documents.
"""

import asyncio
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import click
import psutil
from redis import Redis

from bench.performance.http_client import Client
from shared.blobs import BlobRef, BlobStore
from shared.jobs import Execution, Failure, JobRepository, NewJob, RedisKeys
from shared.jobs.redis_keys import NAMESPACE
from shared.queue import BULK, celery_app, publish
from shared.redis.connections import api_redis, worker_redis
from tests.support.examples import extraction_file
from tests.support.servers import System, start, valkey


def run(depths: Sequence[int], sample: int) -> None:
    """Print the cost of a job with each number of queued jobs.

    Parameters
    ----------
    depths
        Numbers of queued jobs, in ascending order.
    sample
        Jobs per measurement.

    """
    with tempfile.TemporaryDirectory() as folder, valkey(Path(folder)) as url, worker_redis(url) as redis:
        home = Path(folder)
        settings = {"redis_url": url, "data_dir": home / "data", "max_open_jobs": 10**9, "log_level": "WARNING"}
        with _api(home / "log", **settings) as system:
            api = psutil.Process(system.process.pid)
            # One document for all jobs, so that 100,000 of them need no space on the disk.
            document = BlobStore((home / "data" / "blobs").as_uri()).put_now("documents/bench", extraction_file())
            execution = Execution(redis, lease=60, result_ttl=3600)
            for depth in depths:
                empty, queued = _memory(redis), _queued(redis)
                asyncio.run(queue_jobs(url, depth - queued, lambda _: document))
                memory = (_memory(redis) - empty) / (depth - queued)
                client = Client(system.url, extraction_file(), "")  # the API closes connections that are idle for long
                submitted = _measure(redis, api, client.submit, sample)
                oldest = map(str, redis.zrange(RedisKeys().waiting(BULK), 0, sample - 1))
                ended = _measure(redis, psutil.Process(), partial(_claim_and_end_next, execution, oldest), sample)
                click.echo(
                    f"{depth} queued: submit {submitted}; claim and end {ended}; {memory / 1000:.2f} KB of Redis a job"
                )


@contextmanager
def _api(log: Path, **settings: object) -> Iterator[System]:
    """Run the API. It is live, but not ready, since no worker runs."""
    system = start(["-m", "api"], log, **settings)
    try:
        system.wait_until_live()
        yield system
    finally:
        system.interrupt()


async def queue_jobs(url: str, count: int, document: Callable[[str], BlobRef]) -> None:
    """Create and publish bulk jobs like the API, without HTTP. ``document`` returns the document of a job."""
    celery = celery_app(url, NAMESPACE)
    async with api_redis(url) as redis:
        intake = JobRepository(redis, result_ttl=60, max_open=10**9)
        for _ in range(count):
            job_id = str(uuid.uuid4())
            await intake.create(job_id, NewJob("extract-face", BULK, {"file": document(job_id)}))
            publish(celery, job_id, BULK)


def _claim_and_end_next(execution: Execution, job_ids: Iterator[str]) -> None:
    job_id, token = next(job_ids), f"bench.{uuid.uuid4().hex}"
    job = execution.claim(job_id, token)
    assert job is not None  # noqa: S101 - nothing else claims jobs
    execution.fail(job, token, Failure("no_face", "file"))


def _measure(redis: Redis, process: psutil.Process, work: Callable[[], object], sample: int) -> str:
    """Return the median latency of some work, and the processor time that the process and Redis use for it."""
    before, latencies = _core_seconds(redis, process), []
    for _ in range(sample):
        started = time.perf_counter()
        work()
        latencies.append(time.perf_counter() - started)
    own, server = (
        1000 * (late - early) / sample for early, late in zip(before, _core_seconds(redis, process), strict=True)
    )
    return f"{1000 * statistics.median(latencies):.2f} ms ({own:.2f} ms of core time, Redis {server:.2f})"


def _core_seconds(redis: Redis, process: psutil.Process) -> tuple[float, float]:
    own, server = process.cpu_times(), _info(redis, "cpu")
    return own.user + own.system, server["used_cpu_user"] + server["used_cpu_sys"]


def _memory(redis: Redis) -> int:
    used: int = _info(redis, "memory")["used_memory"]
    return used


def _queued(redis: Redis) -> int:
    return int(redis.zcard(RedisKeys().waiting(BULK)))


def _info(redis: Redis, section: str) -> dict[str, Any]:
    info: dict[str, Any] = redis.info(section)
    return info
