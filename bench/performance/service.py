"""The service beside the bare engine, in one run on the same cores: throughput, latency, and what a backlog costs.

As it would be run: with API keys that have a rate and a quota, and with a master key.
"""

import asyncio
import base64
import os
import secrets
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import click
import cv2
import psutil
from redis import Redis

from api.auth.api_keys import Scope
from api.newkey import new_key
from bench.performance.documents import Case, cases
from bench.performance.engine import per_second
from bench.performance.http_client import Client
from shared.blobs import BlobStore, blob_path
from shared.jobs import JobRepository, RedisKeys, Request
from shared.queue import BULK, celery_app, publish
from shared.redis.connections import api_redis
from shared.schemas import JobKind
from tests.support.examples import extraction_file
from tests.support.servers import System, free_port, running, start
from worker.vision import extract_face, load_engine

_KEY, _ENTRY = new_key("bench", [scope.value for scope in Scope], {"rate": "1000000/second", "quota": "1000000000/day"})
_MASTER_KEY = base64.b64encode(secrets.token_bytes(32)).decode()

_SECONDS = 8.0  # of one measurement of a rate
_CLIENTS = 4  # requests under way at once, for each process of the worker: what keeps them all at work
_WARM = 3.0  # seconds until a worker that was held up is at full speed
_REPEAT = 40  # requests whose latency is taken
_BULK = 1000  # bulk jobs that wait while interactive latency is taken
_TARGETS = {("card", 1): 0.80, ("photo", 1): 0.95, ("card", 2): 0.66, ("photo", 2): 0.88}
"""Share of the engine's rate that is asked for, by document and number of processes."""


def run(backlog: int) -> None:
    """Print the tables."""
    rows = cases()
    documents = {"card": rows[0], "photo": rows[1]}
    cores = os.cpu_count() or 1
    for processes in range(1, cores + 1):
        _throughput(documents, processes)
    _simple(documents, cores)
    with _service(cores) as system:
        _latency(documents, system)
        _priority(documents["card"], system, cores)
    for waiting in (100, backlog):
        with _service(cores) as system:
            _drain(waiting, system)


@contextmanager
def _service(processes: int) -> Iterator[System]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "keys.toml").write_text(_ENTRY)
        settings = {"data_dir": home / "data", "worker_processes": processes, "log_level": "WARNING"}
        settings |= {"api_keys_file": home / "keys.toml", "master_key": _MASTER_KEY}
        with running(["app.py"], home / "log", **settings) as system:
            yield system


def _throughput(documents: dict[str, Case], processes: int) -> None:
    """Print documents a second of so many bare engines, then of the service with as many processes, in turn."""
    with _service(processes) as system:
        for name, case in documents.items():
            service = [_service_rate(system, case.files[0], processes) for _ in range(2)]
            with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
                engine = sum(pool.map(_engine_rate, [case.files[0]] * processes))
            ratio = max(service) / engine
            per_hour = 3600 * max(service) / (os.cpu_count() or 1)
            click.echo(
                f"{name}, {processes} process(es): engine {engine:6.1f}/s, service {max(service):6.1f}/s, "
                f"ratio {ratio:.2f} (asked for: {_TARGETS.get((name, processes), '-')})"
            )
            click.echo(
                f"{name}, {processes} process(es): {per_hour:.0f} documents per hour and core of this machine; "
                f"a million take {1_000_000 / per_hour:.1f} core-hours"
            )


def _simple(documents: dict[str, Case], processes: int) -> None:
    """Print documents a second of :mod:`bench.performance.simple_service` with so many processes."""
    port = free_port()
    command = ["-m", "uvicorn", "bench.performance.simple_service:app", "--workers", str(processes)]
    with tempfile.TemporaryDirectory() as folder:
        system = start(command, Path(folder) / "log", port=port, uvicorn_port=port, uvicorn_log_level="warning")
        try:
            system.wait_until_live()
            for name, case in documents.items():
                rate = _service_rate(system, case.files[0], processes)
                click.echo(f"{name}, simple service with face_recognition, {processes} process(es): {rate:.2f}/s")
        finally:
            system.interrupt()


def _engine_rate(document: bytes) -> float:
    cv2.setNumThreads(1)
    engine = load_engine()
    extract_face(document, engine=engine)
    return per_second(partial(extract_face, document, engine=engine), _SECONDS)


def _service_rate(system: System, document: bytes, processes: int) -> float:
    stop = time.perf_counter() + _SECONDS

    def ask(_: int) -> int:
        done, client = 0, Client(system.url, document, _KEY)
        while time.perf_counter() < stop:
            client.extract()
            done += 1
        return done

    clients, started = _CLIENTS * processes, time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        return sum(pool.map(ask, range(clients))) / (time.perf_counter() - started)


def _latency(documents: dict[str, Case], system: System) -> None:
    cv2.setNumThreads(1)
    engine = load_engine()
    for name, case in documents.items():
        client = Client(system.url, case.files[0], _KEY)
        ours, bare = [], []
        for _ in range(_REPEAT):
            ours.append(_timed(client.extract))
            bare.append(_timed(partial(extract_face, case.files[0], engine=engine)))
        engine_ms, wrapper_ms = (1000 * statistics.median(times) for times in (bare, ours))
        click.echo(
            f"{name}, idle: engine {engine_ms:.1f} ms, wrapper {wrapper_ms:.1f} ms, "
            f"added {wrapper_ms - engine_ms:.1f} ms (asked for: at most 15)"
        )


def _priority(card: Case, system: System, processes: int) -> None:
    """Print the wrapper's p95 while bulk jobs wait, beside its idle p95 and the duration of one bulk job."""
    client = Client(system.url, card.files[0], _KEY)
    idle = _p95([_timed(client.extract) for _ in range(_REPEAT)])
    for _ in range(_BULK):
        client.submit()
    started, before = time.perf_counter(), client.waiting()
    loaded = [_timed(client.extract) for _ in range(_REPEAT)]
    left, elapsed = client.waiting(), time.perf_counter() - started
    # What a process is at for one job, while all of them are at work.
    bulk = elapsed * processes / (before - left + _REPEAT)
    click.echo(
        f"wrapper p95 with {before} to {left} bulk jobs waiting: {1000 * _p95(loaded):.1f} ms "
        f"(asked for: at most idle {1000 * idle:.1f} ms and one bulk job, {1000 * bulk:.1f} ms)"
    )


def _drain(waiting: int, system: System) -> None:
    """Print the rate at which bulk jobs end while so many wait; as many are added as end."""
    data = Path(system.environment["DATA_DIR"])
    url = f"unix://{data / 'valkey.sock'}"
    document = extraction_file()
    worker = psutil.Process(system.process.pid).children(recursive=True)
    workers = [process for process in worker if process.cmdline()[-1] == "worker"]
    for process in workers:
        process.suspend()
    asyncio.run(_fill(url, data, document, waiting))
    for process in workers:
        process.resume()
    with Redis.from_url(url, decode_responses=True) as redis:

        def missing() -> int:
            return waiting - int(redis.zcard(RedisKeys().waiting(BULK)))

        time.sleep(_WARM)
        asyncio.run(_fill(url, data, document, missing()))
        ended, started = 0, time.perf_counter()
        while time.perf_counter() - started < _SECONDS:
            time.sleep(0.2)
            count = missing()
            asyncio.run(_fill(url, data, document, count))
            ended += count
        ended += missing()
        rate = ended / (time.perf_counter() - started)
    click.echo(f"{waiting} waiting: {rate:.1f} jobs a second")


async def _fill(url: str, data: Path, document: bytes, count: int) -> None:
    """Submit jobs as the API does, without HTTP."""
    blobs, celery = BlobStore((data / "blobs").as_uri()), celery_app(url, "nsfas")
    async with api_redis(url) as redis:
        intake = JobRepository(redis, result_ttl=60, max_open=10**9)
        for _ in range(count):
            job_id = str(uuid.uuid4())
            inputs = {"file": blobs.put_now(blob_path("documents", job_id, "file"), document)}
            await intake.create(job_id, Request(JobKind.EXTRACT_FACE, BULK, inputs))
            publish(celery, job_id, BULK)


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]
