"""Compares the service with the engine alone on the same cores: throughput, core time, latency, cost of a backlog.

The service runs as in production: with API keys that have a rate limit and a quota, and with a master key.
"""

import asyncio
import base64
import os
import secrets
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
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
from bench.performance.backlog import queue_jobs
from bench.performance.documents import Case, cases
from bench.performance.engine import per_second
from bench.performance.http_client import Client
from bench.performance.other_services import minimal_queue, simple_service
from shared.blobs import BlobRef, BlobStore, blob_path
from shared.jobs import RedisKeys
from shared.queue import BULK
from tests.support.examples import extraction_file
from tests.support.servers import System, running
from worker.vision import extract_face, load_engine
from worker.vision.allocator import keep_memory

_KEY, _ENTRY = new_key("bench", [scope.value for scope in Scope], {"rate": "1000000/second", "quota": "1000000000/day"})
_MASTER_KEY = base64.b64encode(secrets.token_bytes(32)).decode()

_SECONDS = 8.0  # duration of one rate measurement
_CLIENTS = 4  # concurrent requests per worker process: enough to keep all processes busy
_WARM = 3.0  # seconds until a resumed worker is at full speed
_REPEAT = 40  # requests per latency measurement
_BULK = 1000  # queued bulk jobs during the measurement of interactive latency
_FILL_TIME = 900  # seconds: more than it takes to queue a backlog
_PREFETCH = (1, 4)  # messages that a process of the minimal queue holds: as in the service, and Celery's default
_TARGETS = {("card", 1): 0.90, ("photo", 1): 0.98, ("card", 2): 0.78, ("photo", 2): 0.92}
"""Target share of the engine's rate, by document and number of processes."""


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
        # The watchdog must not exit the workers, which are suspended while the queue is filled.
        with _service(cores, job_time_limit=_FILL_TIME) as system:
            _drain(waiting, system)


@contextmanager
def _service(processes: int, **further: object) -> Iterator[System]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "keys.toml").write_text(_ENTRY)
        settings = {"data_dir": home / "data", "worker_processes": processes, "log_level": "WARNING"}
        settings |= {"api_keys_file": home / "keys.toml", "master_key": _MASTER_KEY, **further}
        with running(["app.py"], home / "log", **settings) as system:
            yield system


def _throughput(documents: dict[str, Case], processes: int) -> None:
    """Print documents per second of engine, service and minimal queue, with the same number of processes."""
    with _service(processes) as system:
        for name, case in documents.items():
            before = _core_seconds(system)
            service = [_service_rate(system, case.files[0], processes) for _ in range(2)]
            jobs = _SECONDS * sum(service)
            spent = {kind: seconds - before[kind] for kind, seconds in _core_seconds(system).items()}
            with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
                engine = sum(pool.map(_engine_rate, [case.files[0]] * processes))
            ratio = max(service) / engine
            click.echo(
                f"{name}, {processes} process(es): engine {engine:6.1f}/s, service {max(service):6.1f}/s, "
                f"ratio {ratio:.2f} (target: {_TARGETS.get((name, processes), '-')})"
            )
            for prefetch in _PREFETCH:
                least = _minimal_rate(case.files[0], processes, prefetch)
                click.echo(f"  minimal queue, prefetch {prefetch}: {least:6.1f}/s, ratio {least / engine:.2f}")
            for kind, seconds in sorted(spent.items()):
                click.echo(f"  {kind:14} {1000 * seconds / jobs:5.2f} ms of core time per job")
            if processes == os.cpu_count():  # the service uses the whole machine
                per_core_hour = 3600 * max(service) / processes
                click.echo(
                    f"{name}: {per_core_hour:.0f} documents per core-hour; "
                    f"a million take {1_000_000 / per_core_hour:.1f} core-hours"
                )


def _minimal_rate(document: bytes, processes: int, prefetch: int) -> float:
    with minimal_queue(processes, prefetch) as system:
        _service_rate(system, document, processes)  # until its worker is ready and warm
        return max(_service_rate(system, document, processes) for _ in range(2))


def _simple(documents: dict[str, Case], processes: int) -> None:
    """Print documents per second of :mod:`bench.performance.simple_service` with this number of processes."""
    with simple_service(processes) as system:
        for name, case in documents.items():
            rate = _service_rate(system, case.files[0], processes)
            click.echo(f"{name}, simple service with face_recognition, {processes} process(es): {rate:.2f}/s")


def _engine_rate(document: bytes) -> float:
    cv2.setNumThreads(1)
    keep_memory()  # as a worker does
    engine = load_engine()
    extract_face(document, engine=engine)
    return per_second(partial(extract_face, document, engine=engine), _SECONDS)


def _service_rate(system: System, document: bytes, processes: int) -> float:
    stop = time.perf_counter() + _SECONDS

    def send(_: int) -> int:
        done, client = 0, Client(system.url, document, _KEY)
        while time.perf_counter() < stop:
            client.extract()
            done += 1
        return done

    clients, started = _CLIENTS * processes, time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        return sum(pool.map(send, range(clients))) / (time.perf_counter() - started)


def _core_seconds(system: System) -> Mapping[str, float]:
    """Return the core time so far, in seconds by kind of process."""
    spent = defaultdict(float, {"load generator": time.process_time()})
    for process in psutil.Process(system.process.pid).children(recursive=True):
        user, kernel, *_ = process.cpu_times()
        spent[_kind(process)] += user + kernel
    return spent


def _kind(process: psutil.Process) -> str:
    command = process.cmdline()
    if "valkey-server" in command[0]:
        return "Valkey"
    if command[-1] != "worker":
        return {"api": "API"}.get(command[-1], "other")
    parent = process.parent()
    return "worker, pool" if parent and parent.cmdline()[-1] == "worker" else "worker, main"


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
            f"added {wrapper_ms - engine_ms:.1f} ms (target: at most 15)"
        )


def _priority(card: Case, system: System, processes: int) -> None:
    """Print the p95 latency with queued bulk jobs, the idle p95, and the duration of one bulk job."""
    client = Client(system.url, card.files[0], _KEY)
    idle = _p95([_timed(client.extract) for _ in range(_REPEAT)])
    for _ in range(_BULK):
        client.submit()
    started, before = time.perf_counter(), client.queued()
    loaded = [_timed(client.extract) for _ in range(_REPEAT)]
    left, elapsed = client.queued(), time.perf_counter() - started
    # Time of a process for one job, while all processes are busy.
    bulk = elapsed * processes / (before - left + _REPEAT)
    click.echo(
        f"wrapper p95 with {before} to {left} queued bulk jobs: {1000 * _p95(loaded):.1f} ms "
        f"(target: at most idle {1000 * idle:.1f} ms and one bulk job, {1000 * bulk:.1f} ms)"
    )


def _drain(waiting: int, system: System) -> None:
    """Print the rate of bulk jobs with a constant backlog: each ended job is replaced by a new one."""
    data = Path(system.environment["DATA_DIR"])
    url = f"unix://{data / 'valkey.sock'}"
    document = extraction_file()
    worker = psutil.Process(system.process.pid).children(recursive=True)
    workers = [process for process in worker if process.cmdline()[-1] == "worker"]
    for process in workers:
        process.suspend()
    _fill(url, data, document, waiting)
    for process in workers:
        process.resume()
    with Redis.from_url(url, decode_responses=True) as redis:

        def missing() -> int:
            return waiting - int(redis.zcard(RedisKeys().waiting(BULK)))

        time.sleep(_WARM)
        _fill(url, data, document, missing())
        ended, started = 0, time.perf_counter()
        while time.perf_counter() - started < _SECONDS:
            time.sleep(0.2)
            count = missing()
            _fill(url, data, document, count)
            ended += count
        ended += missing()
        rate = ended / (time.perf_counter() - started)
    click.echo(f"{waiting} queued: {rate:.1f} jobs per second")


def _fill(url: str, data: Path, document: bytes, count: int) -> None:
    blobs = BlobStore((data / "blobs").as_uri())

    def store(job_id: str) -> BlobRef:
        return blobs.put_now(blob_path("documents", job_id, "file"), document)

    asyncio.run(queue_jobs(url, count, store))


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]
