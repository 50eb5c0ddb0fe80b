"""Faults of documents and messages: documents that crash or hang a process, repeated and lost messages."""

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
from tests.support.faults.injection import CRASH, HANG, LOOP
from tests.support.files import files_in
from tests.support.servers import START_TIMEOUT, STOP_TIMEOUT, System, start, valkey
from tests.system.job_batch import DOCUMENT, Jobs

TIME_LIMIT = 3  # seconds
GRACE = 3  # seconds more until the process is killed


@dataclass
class Services:
    """An API and a worker on a separate server."""

    redis_url: str
    api: System
    worker: System


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """Run the services for all faults. They must recover from each fault before the next."""
    home = tmp_path_factory.mktemp("hostile")
    with valkey(home) as url:
        shared = {"redis_url": url, "data_dir": home / "data", "job_time_limit": TIME_LIMIT}
        api = start(["-m", "api"], home / "api.log", **shared)
        worker = start(
            ["-m", "tests.support.faults.injection", "worker"], home / "worker.log", **shared, worker_processes=2
        )
        try:
            api.wait_until_ready()
            yield Services(url, api, worker)
        finally:
            worker.interrupt()
            api.interrupt()


@pytest.mark.slow
def test_a_crashing_document_fails_after_three_attempts_and_affects_no_other_job(services: Services) -> None:
    jobs = Jobs(services.api.url, "crash")
    jobs.submit(20)
    jobs.submit(document=DOCUMENT + CRASH)
    jobs.submit(20)
    print(f"crash: failed after {jobs.wait():.1f} s")
    assert jobs.ends() == {"succeeded": 40, "failed": 1}
    assert jobs.codes() == {"worker_crashed": 1}
    job = jobs.client.get(f"/jobs/{jobs.accepted[20]}").json()
    assert job["attempts"] == 3
    assert services.worker.process.poll() is None
    eventually(
        lambda: audited(services, jobs) == {"succeeded": 40, "worker_crashed": 1}, waiting_for="ends in the audit log"
    )


def audited(services: Services, jobs: Jobs) -> Counter[str]:
    """Return the number of ended jobs in the audit log by outcome."""
    lines = (Path(services.api.environment["DATA_DIR"]) / "audit.log").read_text().splitlines()
    ends = [line for line in map(json.loads, lines) if line["action"] == "end"]
    return Counter(end["outcome"] for end in ends if end["job_id"] in jobs.accepted)


@pytest.mark.parametrize(("how", "least"), [(LOOP, TIME_LIMIT), (HANG, TIME_LIMIT + GRACE)], ids=["loop", "hang"])
def test_a_hanging_document_is_stopped_at_the_time_limit_and_not_retried(
    services: Services, how: bytes, least: int
) -> None:
    jobs = Jobs(services.api.url, f"hang-{least}")
    jobs.submit(document=DOCUMENT + how)
    jobs.submit(20)
    print(f"hang: stopped after {jobs.wait():.1f} s")
    assert jobs.ends() == {"succeeded": 20, "failed": 1}
    assert jobs.codes() == {"timed_out": 1}
    eventually(
        lambda: audited(services, jobs) == {"succeeded": 20, "timed_out": 1}, waiting_for="ends in the audit log"
    )
    job = jobs.client.get(f"/jobs/{jobs.accepted[0]}").json()
    assert job["attempts"] == 1
    taken = datetime.fromisoformat(job["finished_at"]) - datetime.fromisoformat(job["started_at"])
    assert taken.total_seconds() > least - 1


def test_every_message_may_be_delivered_three_times(services: Services) -> None:
    jobs, celery = Jobs(services.api.url, "three-times"), celery_app(services.redis_url, "nsfas")

    def publish_again(_: int) -> None:
        for job_id in jobs.accepted[-1:]:
            publish(celery, job_id, BULK)
            publish(celery, job_id, INTERACTIVE)

    jobs.submit(60, each=publish_again)
    jobs.wait()
    assert jobs.ends() == {"succeeded": 60}
    assert '"attempts": 2' not in jobs.client.get(f"/batches/{jobs.name}/results").text


def test_jobs_end_even_if_the_broker_loses_every_message(services: Services) -> None:
    jobs = Jobs(services.api.url, "lost-messages")
    worker = psutil.Process(services.worker.process.pid)
    worker.suspend()
    jobs.submit(60)
    with Redis.from_url(services.redis_url) as redis:
        redis.delete(f"{{nsfas}}:celery:{BULK}")
    worker.resume()
    print(f"messages lost: all ended after {jobs.wait():.1f} s")
    assert jobs.ends() == {"succeeded": 60}


def test_an_api_killed_between_recording_and_publishing_loses_no_job(services: Services, tmp_path: Path) -> None:
    shared = {
        name.lower(): value for name, value in services.api.environment.items() if name in {"REDIS_URL", "DATA_DIR"}
    }
    for number in range(3):
        dying = start(
            ["-m", "tests.support.faults.injection", "api-that-dies-before-publishing"],
            tmp_path / "dying.log",
            **shared,
        )
        dying.wait_until_live()
        Jobs(dying.url, "never-published").submit()
        assert dying.process.wait(STOP_TIMEOUT) != 0, number
    jobs = Jobs(services.api.url, "never-published")
    print(f"never published: all ended after {jobs.wait():.1f} s")
    assert jobs.ends() == {"succeeded": 3}


def test_an_api_killed_between_storing_and_recording_leaves_an_orphan_for_cleanup(
    services: Services, tmp_path: Path
) -> None:
    shared = {
        name.lower(): value for name, value in services.api.environment.items() if name in {"REDIS_URL", "DATA_DIR"}
    }
    dying = start(
        ["-m", "tests.support.faults.injection", "api-that-dies-before-recording"], tmp_path / "dying.log", **shared
    )
    documents = Path(shared["data_dir"]) / "blobs" / "documents"

    dying.wait_until_live()
    before = files_in(documents)
    Jobs(dying.url, "never-recorded").submit()
    assert dying.process.wait(STOP_TIMEOUT) != 0
    assert len(files_in(documents) - before) == 1  # housekeeping deletes it: see test_runner.py
    assert httpx.get(f"{services.api.url}/stats", timeout=60).json()["queues"]["bulk"]["waiting"] == 0


@pytest.mark.slow  # the worker counts as stuck after half a minute
def test_a_worker_with_a_stuck_consumer_exits_so_that_a_supervisor_restarts_it(valkey_url: str, tmp_path: Path) -> None:
    settings = {"redis_url": valkey_url, "data_dir": tmp_path, "job_time_limit": 1, "worker_processes": 2}
    worker = start(["-m", "tests.support.faults.injection", "worker-that-gets-stuck"], tmp_path / "log", **settings)
    tree = psutil.Process(worker.process.pid)
    pool = eventually(lambda: two if len(two := tree.children()) == 2 else [], START_TIMEOUT)
    assert worker.process.wait(STOP_TIMEOUT) == 70
    assert "consumer stuck" in worker.log.read_text()
    assert psutil.wait_procs(pool, timeout=STOP_TIMEOUT)[1] == []
