"""Interactive jobs run before bulk jobs, bulk jobs are not starved, and lost messages lose no job."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from redis import Redis

from tests.support.eventually import eventually
from tests.support.examples import extraction_file
from tests.support.servers import START_TIMEOUT, System, start, valkey
from tests.system.job_batch import UNREADABLE, Jobs, processes

BULK = 60
MAX_EARLIER = 2
"""Bulk jobs per process that may start earlier: one is running, and one more message is received."""

REQUEST = "overtakes"


def test_an_interactive_job_runs_before_queued_bulk_jobs(system: System) -> None:
    document = {"file": extraction_file()}
    jobs = Jobs(system.url, "overtaken")
    worker = processes(system, "-m worker")
    for process in worker:
        process.suspend()  # so that all jobs wait even on a fast machine
    try:
        jobs.submit(BULK, document["file"])
        with ThreadPoolExecutor() as pool:
            headers = {"x-request-id": REQUEST}
            post = pool.submit(httpx.post, f"{system.url}/extract-face", files=document, headers=headers, timeout=90)
            eventually(lambda: jobs.client.get("/stats").json()["queues"]["interactive"]["waiting"] == 1)
            for process in worker:
                process.resume()
            assert post.result().status_code == 200
    finally:
        for process in worker:
            process.resume()
    jobs.wait()
    starts = [started(jobs.client, job_id) for job_id in jobs.accepted]
    overtaker = started(jobs.client, interactive_job(system))
    children = len(worker) - 1  # the first process is the parent
    assert sum(start < overtaker for start in starts) <= MAX_EARLIER * children


def started(client: httpx.Client, job_id: str) -> datetime:
    return datetime.fromisoformat(client.get(f"/jobs/{job_id}").json()["started_at"])


def interactive_job(system: System) -> str:
    """Return the job of the request from the audit log, because the response does not contain it."""
    lines = (Path(system.environment["DATA_DIR"]) / "audit.log").read_text().splitlines()
    (job_id,) = {line["job_id"] for line in map(json.loads, lines) if line.get("request_id") == REQUEST}
    return str(job_id)


@pytest.mark.slow
def test_bulk_jobs_run_while_interactive_jobs_never_stop(tmp_path: Path) -> None:
    """Strict priority starves bulk jobs unless one worker consumes only bulk. Compose and Kubernetes have one."""
    with valkey(tmp_path) as url:
        shared = {"redis_url": url, "data_dir": tmp_path / "data", "worker_processes": 1}
        api = start(["-m", "api"], tmp_path / "api.log", **shared)
        workers = [start(["-m", "worker"], tmp_path / "worker.log", **shared)]
        try:
            api.wait_until_ready()
            jobs, stop = Jobs(api.url), threading.Event()

            def never_stop() -> None:
                while not stop.is_set():
                    httpx.post(f"{api.url}/extract-face", files={"file": extraction_file()}, timeout=90)

            with ThreadPoolExecutor(6) as pool:
                requests = [pool.submit(never_stop) for _ in range(6)]
                try:
                    eventually(lambda: jobs.client.get("/stats").json()["queues"]["interactive"]["waiting"] >= 2)
                    options = ["-Q", "bulk", "--hostname", "bulk@%h"]
                    workers.append(start(["-m", "worker", *options], tmp_path / "bulk.log", **shared))
                    eventually(lambda: jobs.client.get("/stats").json()["workers"] == 2, START_TIMEOUT)
                    jobs.submit(10)
                    jobs.wait()
                finally:
                    stop.set()
                assert [each.result() for each in requests] == [None] * 6
            assert jobs.ends() == {"succeeded": 10}
        finally:
            for worker in workers:
                worker.interrupt()
            api.interrupt()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_all_jobs_end_even_if_the_brokers_lists_are_deleted_during_a_backlog(system: System) -> None:
    jobs = Jobs(system.url, "deleted-lists")
    worker = processes(system, "-m worker")
    for process in worker:
        process.suspend()
    try:
        for _ in range(4):
            jobs.submit(375, UNREADABLE)
            jobs.submit(125, extraction_file())
    finally:
        for process in worker:
            process.resume()
    eventually(lambda: jobs.client.get("/stats").json()["queues"]["bulk"]["waiting"] < 1500, 180)
    with Redis(unix_socket_path=str(Path(system.environment["DATA_DIR"]).resolve() / "valkey.sock")) as redis:
        celery_keys = list(redis.scan_iter("{nsfas}:celery:*"))
        assert any(key.endswith(b":bulk") for key in celery_keys)
        redis.delete(*celery_keys)
    print(f"lists deleted: all ended {jobs.wait(600):.1f} s later")
    assert jobs.ends() == {"failed": 1500, "succeeded": 500}
