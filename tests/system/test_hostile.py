"""Faults of documents and messages: one that kills, one that hangs, and every message more than once."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
import psutil
import pytest
from redis import Redis

from shared.queue import BULK, INTERACTIVE, celery_app, publish
from tests.support.eventually import eventually
from tests.support.sabotage import CRASH, HANG, LOOP
from tests.support.servers import STOP_TIMEOUT, System, start, valkey
from tests.system.faults import DOCUMENT, Jobs

TIME_LIMIT = 3  # seconds
GRACE = 3  # seconds more until the process is killed


@dataclass
class Parts:
    """An API and a worker, on a server of their own."""

    redis_url: str
    api: System
    worker: System


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """Run them for all faults: what one of them breaks, they must have mended before the next."""
    home = tmp_path_factory.mktemp("hostile")
    with valkey(home) as url:
        shared = {"redis_url": url, "data_dir": home / "data", "job_time_limit": TIME_LIMIT}
        api = start(["-m", "api"], home / "api.log", **shared)
        worker = start(["-m", "tests.support.sabotage", "worker"], home / "worker.log", **shared, worker_processes=2)
        try:
            api.wait_until_ready()
            yield Parts(url, api, worker)
        finally:
            worker.interrupt()
            api.interrupt()


def test_a_document_that_kills_is_set_aside_after_three_attempts_and_harms_no_other(parts: Parts) -> None:
    jobs = Jobs(parts.api.url, "crash")
    jobs.submit(20)
    jobs.submit(document=DOCUMENT + CRASH)
    jobs.submit(20)
    print(f"crash: set aside after {jobs.wait():.1f} s")
    assert jobs.ends() == {"succeeded": 40, "failed": 1}
    assert jobs.codes() == {"worker_crashed": 1}
    job = jobs.client.get(f"/jobs/{jobs.accepted[20]}").json()
    assert job["attempts"] == 3
    assert parts.worker.process.poll() is None
    eventually(
        lambda: audited(parts, jobs) == {"succeeded": 40, "worker_crashed": 1}, waiting_for="ends in the audit log"
    )


def audited(parts: Parts, jobs: Jobs) -> Counter[str]:
    """Count the ends of these jobs in the audit log, by outcome."""
    lines = (Path(parts.api.environment["DATA_DIR"]) / "audit.log").read_text().splitlines()
    ends = [line for line in map(json.loads, lines) if line["action"] == "end"]
    return Counter(end["outcome"] for end in ends if end["job_id"] in jobs.accepted)


@pytest.mark.parametrize(("how", "least"), [(LOOP, TIME_LIMIT), (HANG, TIME_LIMIT + GRACE)], ids=["loop", "hang"])
def test_a_document_that_hangs_is_stopped_at_the_time_limit_and_not_tried_again(
    parts: Parts, how: bytes, least: int
) -> None:
    jobs = Jobs(parts.api.url, f"hang-{least}")
    jobs.submit(document=DOCUMENT + how)
    jobs.submit(20)
    print(f"hang: stopped after {jobs.wait():.1f} s")
    assert jobs.ends() == {"succeeded": 20, "failed": 1}
    assert jobs.codes() == {"timed_out": 1}
    eventually(lambda: audited(parts, jobs) == {"succeeded": 20, "timed_out": 1}, waiting_for="ends in the audit log")
    job = jobs.client.get(f"/jobs/{jobs.accepted[0]}").json()
    assert job["attempts"] == 1
    taken = datetime.fromisoformat(job["finished_at"]) - datetime.fromisoformat(job["started_at"])
    assert taken.total_seconds() > least - 1


def test_every_message_may_come_three_times(parts: Parts) -> None:
    jobs, celery = Jobs(parts.api.url, "three-times"), celery_app(parts.redis_url, "nsfas")

    def again(_: int) -> None:
        for job_id in jobs.accepted[-1:]:
            publish(celery, job_id, BULK)
            publish(celery, job_id, INTERACTIVE)

    jobs.submit(60, each=again)
    jobs.wait()
    assert jobs.ends() == {"succeeded": 60}
    assert '"attempts": 2' not in jobs.client.get(f"/batches/{jobs.name}/results").text


def test_a_broker_that_loses_every_message_is_found_out(parts: Parts) -> None:
    jobs = Jobs(parts.api.url, "lost-messages")
    worker = psutil.Process(parts.worker.process.pid)
    worker.suspend()
    jobs.submit(60)
    with Redis.from_url(parts.redis_url) as redis:
        redis.delete(*(f"{{nsfas}}:celery:{name}" for name in (BULK, "unacked", "unacked_index")))
    worker.resume()
    print(f"messages lost: all ended after {jobs.wait():.1f} s")
    assert jobs.ends() == {"succeeded": 60}


def test_an_api_killed_between_recording_and_publishing_loses_no_job(parts: Parts, tmp_path: Path) -> None:
    shared = {name.lower(): value for name, value in parts.api.environment.items() if name in {"REDIS_URL", "DATA_DIR"}}
    for number in range(3):
        dying = start(
            ["-m", "tests.support.sabotage", "api-that-dies-before-publishing"], tmp_path / "dying.log", **shared
        )
        dying.wait_until_live()
        Jobs(dying.url, "never-published").submit()
        assert dying.process.wait(STOP_TIMEOUT) != 0, number
    jobs = Jobs(parts.api.url, "never-published")
    print(f"never published: all ended after {jobs.wait():.1f} s")
    assert jobs.ends() == {"succeeded": 3}


def test_an_api_killed_between_storing_and_recording_leaves_no_bytes(parts: Parts, tmp_path: Path) -> None:
    shared = {name.lower(): value for name, value in parts.api.environment.items() if name in {"REDIS_URL", "DATA_DIR"}}
    dying = start(["-m", "tests.support.sabotage", "api-that-dies-before-recording"], tmp_path / "dying.log", **shared)
    documents = Path(shared["data_dir"]) / "blobs" / "documents"

    def stored() -> set[Path]:
        return {path for path in documents.rglob("*") if path.is_file()}

    dying.wait_until_live()
    before = stored()
    Jobs(dying.url, "never-recorded").submit()
    assert dying.process.wait(STOP_TIMEOUT) != 0
    assert len(stored() - before) == 1  # for the cleaning: see test_runner.py
    assert httpx.get(f"{parts.api.url}/stats").json()["queues"]["bulk"]["waiting"] == 0


@pytest.mark.slow  # it is silent for half a minute before it counts as stuck
def test_a_worker_whose_consumer_is_stuck_ends_so_that_a_supervisor_brings_it_back(
    valkey_url: str, tmp_path: Path
) -> None:
    settings = {"redis_url": valkey_url, "data_dir": tmp_path, "job_time_limit": 1, "worker_processes": 2}
    worker = start(["-m", "tests.support.sabotage", "worker-that-gets-stuck"], tmp_path / "log", **settings)
    tree = psutil.Process(worker.process.pid)
    pool = eventually(lambda: two if len(two := tree.children()) == 2 else [], waiting_for="the pool")
    assert worker.process.wait(STOP_TIMEOUT) == 70
    assert "consumer stuck" in worker.log.read_text()
    assert psutil.wait_procs(pool, timeout=STOP_TIMEOUT)[1] == []
