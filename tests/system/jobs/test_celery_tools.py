"""Celery's own tools show the true state of the system, and their commands take effect.

Each command runs once as an operator runs it. A command takes seconds to start, so the other tests call the functions
of Celery behind the commands.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from celery.app.control import Control
from celery.utils.nodenames import default_nodename
from redis import Redis

from shared.jobs import RedisKeys
from shared.queue import celery_app
from tests.support.compose import pdf
from tests.support.eventually import eventually
from tests.support.faults.injection import LOOP
from tests.support.servers import ROOT, START_TIMEOUT, STOP_TIMEOUT, System, free_port, start, valkey
from tests.system.celery_command import REPLY_OPTIONS, REPLY_TIMEOUT, celery
from tests.system.job_batch import DOCUMENT, Jobs, suspended_during_a_job

LEASE = 8  # seconds
SCANS = 6


@dataclass
class Services:
    """An API and a worker with one process, on a separate server."""

    api: System
    worker: System

    def celery(self, *arguments: str, must_respond: bool = True) -> str:
        return celery(self.api.environment["REDIS_URL"], *arguments, must_respond=must_respond)

    def inspect(self, method: str) -> Any:
        """Return the worker's response."""
        (response,) = json.loads(self.celery("inspect", method, *REPLY_OPTIONS, "--json")).values()
        return response

    def command(self, name: str, *arguments: str) -> None:
        """Run ``celery control`` and wait until the worker has responded."""
        self.celery("control", name, *arguments, *REPLY_OPTIONS)

    @property
    def control(self) -> Control:
        """The functions behind ``celery control`` and ``celery inspect``."""
        return celery_app(self.api.environment["REDIS_URL"], "nsfas").control

    @property
    def reply_options(self) -> dict[str, Any]:
        """Arguments that make these functions wait until the worker has responded."""
        return {"reply": True, "destination": [default_nodename("")], "timeout": REPLY_TIMEOUT}

    def terminate(self, job_id: str) -> None:
        """Terminate a job like ``celery control terminate SIGKILL``, and wait for the worker."""
        self.control.terminate(job_id, signal="SIGKILL", **self.reply_options)

    def send(self, command: str, **arguments: object) -> Any:
        """Send another remote control command and return the worker's response."""
        replies = self.control.broadcast(command, arguments=arguments, **self.reply_options) or []
        (response,) = [response for reply in replies for response in reply.values()]
        return response

    def status(self, job_id: str) -> str:
        return str(httpx.get(f"{self.api.url}/jobs/{job_id}", timeout=60).json()["status"])

    def started(self, job_id: str) -> datetime:
        return datetime.fromisoformat(httpx.get(f"{self.api.url}/jobs/{job_id}", timeout=60).json()["started_at"])

    def pool(self) -> list[psutil.Process]:
        return psutil.Process(self.worker.process.pid).children()


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    home = tmp_path_factory.mktemp("celery-tools")
    with valkey(home) as url:
        shared = {"redis_url": url, "data_dir": home / "data", "job_time_limit": 300, "job_lease": LEASE}
        api = start(["-m", "api"], home / "api.log", **shared)
        worker = start(
            ["-m", "tests.support.faults.injection", "worker"], home / "worker.log", **shared, worker_processes=1
        )
        try:
            api.wait_until_ready()
            yield Services(api, worker)
        finally:
            worker.interrupt()
            api.interrupt()


def test_inspect_shows_the_worker_with_its_task_and_queues(services: Services) -> None:
    assert services.inspect("ping") == {"ok": "pong"}
    assert services.send("registered") == ["jobs.run"]
    assert [queue["name"] for queue in services.send("active_queues")] == ["interactive", "bulk"]


def test_inspect_active_shows_the_running_job_and_terminate_cancels_it(services: Services) -> None:
    jobs = Jobs(services.api.url, "active")
    jobs.submit(document=DOCUMENT + LOOP)
    jobs.submit()
    running, waiting = jobs.accepted
    eventually(lambda: services.status(running) == "running")
    (active,) = services.inspect("active")
    assert (active["id"], active["name"], active["args"]) == (running, "jobs.run", [running])
    assert active["time_start"] > 0
    assert services.status(waiting) == "queued"
    services.command("terminate", "SIGKILL", running)
    jobs.wait()
    assert (services.status(running), services.status(waiting)) == ("cancelled", "succeeded")


def test_revoke_cancels_only_the_queued_job_at_once(services: Services) -> None:
    jobs = Jobs(services.api.url, "revoked")
    jobs.submit(document=DOCUMENT + LOOP)
    jobs.submit(5)
    hanging, *others = jobs.accepted
    eventually(lambda: services.status(hanging) == "running")
    services.command("revoke", hanging, others[2])
    services.terminate(others[4])
    assert (services.status(others[2]), services.status(others[4])) == ("cancelled", "cancelled")
    assert services.status(hanging) == "running", "revoke does not stop a running task"
    services.terminate(hanging)
    jobs.wait()
    assert jobs.ends() == {"cancelled": 3, "succeeded": 3}
    with Redis.from_url(services.api.environment["REDIS_URL"]) as redis:
        assert redis.zcard(RedisKeys().cancelled) == 0


def test_purge_loses_no_job(services: Services) -> None:
    jobs = Jobs(services.api.url, "purged")
    jobs.submit(document=DOCUMENT + LOOP)
    eventually(lambda: services.status(jobs.accepted[0]) == "running")
    jobs.submit(30)
    assert "30 messages" in services.celery("purge", "-f")
    services.terminate(jobs.accepted[0])
    print(f"purged: all ended {jobs.wait():.1f} s later")
    assert jobs.ends() == {"cancelled": 1, "succeeded": 30}


@pytest.mark.slow
def test_the_lease_of_a_long_job_is_renewed(services: Services) -> None:
    jobs = Jobs(services.api.url, "long")
    jobs.submit(document=DOCUMENT + LOOP)
    (job_id,) = jobs.accepted
    eventually(lambda: services.status(job_id) == "running")
    time.sleep(2.5 * LEASE)
    job = httpx.get(f"{services.api.url}/jobs/{job_id}", timeout=60).json()
    assert (job["status"], job["attempts"]) == ("running", 1)
    services.terminate(job_id)
    jobs.wait()
    assert jobs.ends() == {"cancelled": 1}


def test_a_rate_limit_delays_jobs_and_loses_none(services: Services) -> None:
    jobs = Jobs(services.api.url, "limited")
    services.command("rate_limit", "jobs.run", "2/s")
    try:
        jobs.submit(8)
        jobs.wait()
        starts = sorted(services.started(job_id) for job_id in jobs.accepted)
        assert (starts[-1] - starts[0]).total_seconds() > 2
    finally:
        services.control.rate_limit("jobs.run", 0, **services.reply_options)
    assert jobs.ends() == {"succeeded": 8}


@pytest.mark.parametrize("limit", [0, "10/s"])
def test_jobs_that_wait_for_a_rate_limit_follow_the_next_one(services: Services, limit: int | str) -> None:
    jobs = Jobs(services.api.url, f"limit-{str(limit)[:2]}")
    services.control.rate_limit("jobs.run", "1/h", **services.reply_options)
    try:
        jobs.submit(3)
        eventually(lambda: "succeeded" in map(services.status, jobs.accepted))
        services.control.rate_limit("jobs.run", limit, **services.reply_options)
        jobs.wait()
    finally:
        services.control.rate_limit("jobs.run", 0, **services.reply_options)
    assert jobs.ends() == {"succeeded": 3}


def test_a_process_that_is_added_to_the_pool_runs_jobs(services: Services) -> None:
    before = len(services.pool())
    services.command("pool_grow", "1")
    eventually(lambda: len(services.pool()) == before + 1)
    jobs = Jobs(services.api.url, "grown")
    jobs.submit(document=DOCUMENT + LOOP)
    eventually(lambda: services.status(jobs.accepted[0]) == "running")
    jobs.submit(5)
    eventually(lambda: [services.status(job_id) for job_id in jobs.accepted[1:]] == ["succeeded"] * 5)
    services.terminate(jobs.accepted[0])
    jobs.wait()
    services.control.pool_shrink(1, **services.reply_options)
    eventually(lambda: len(services.pool()) == before)


@pytest.fixture
def flower(services: Services) -> Iterator[httpx.Client]:
    port = free_port()
    own = os.environ | {"REDIS_URL": services.api.environment["REDIS_URL"], "FLOWER_UNAUTHENTICATED_API": "true"}
    command = [sys.executable, "-m", "celery", "-A", "worker.app", "flower", "--address=127.0.0.1", f"--port={port}"]
    process = subprocess.Popen(command, cwd=ROOT, env=own, stderr=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            yield client
    finally:
        process.terminate()
        process.wait(STOP_TIMEOUT)


def fetch(flower: httpx.Client, path: str) -> Any:
    try:
        return flower.get(path).raise_for_status().json()
    except httpx.HTTPError:
        return {}


def test_flower_shows_the_id_outcome_and_duration_of_each_job(services: Services, flower: httpx.Client) -> None:
    workers = eventually(
        lambda: [each for each in fetch(flower, "/api/workers?refresh=1").values() if "registered" in each],
        START_TIMEOUT,
    )
    assert [name.partition(" ")[0] for worker in workers for name in worker["registered"]] == ["jobs.run"]
    jobs = Jobs(services.api.url, "flower")

    def tasks_seen() -> Any:
        """Submit jobs until Flower has enabled the worker's events. Events arrive some time after the end of a job."""
        jobs.submit(document=DOCUMENT)
        jobs.submit(document=pdf("No face."))
        jobs.wait()
        # A task has no name if Flower received only its last event.
        complete = {key: task for key, task in fetch(flower, "/api/tasks").items() if task["name"]}
        seen = {
            job_id: complete[job_id] for job_id in jobs.accepted if complete.get(job_id, {}).get("state") == "SUCCESS"
        }
        return seen if {task["result"] for task in seen.values()} == {"'succeeded'", "'no_face'"} else {}

    tasks = eventually(tasks_seen)
    assert {task["name"] for task in tasks.values()} == {"jobs.run"}
    for job_id, task in tasks.items():
        job = httpx.get(f"{services.api.url}/jobs/{job_id}", timeout=60).json()
        assert 0 < task["runtime"] < 60
        assert task["args"] == f"['{job_id}']"
        assert job["status"] == ("succeeded" if task["result"] == "'succeeded'" else "failed")


def test_shutdown_stops_the_worker_after_its_running_jobs(services: Services) -> None:
    jobs = Jobs(services.api.url, "shutdown")
    with suspended_during_a_job(services.pool(), jobs, SCANS):
        services.celery("control", "shutdown", must_respond=False)  # the worker stops instead of responding
        eventually(lambda: "Got shutdown from remote" in services.worker.log.read_text())
    assert services.worker.process.wait(STOP_TIMEOUT) == 0
    left = jobs.state()
    assert left["running"] == 0, "the worker finished the job that it ran"
    assert left["queued"] > 0, "the worker started no other job"
    again = start(["-m", "worker"], services.worker.log, **_settings(services))
    jobs.wait()
    again.interrupt()
    assert jobs.ends() == {"succeeded": SCANS}
    assert '"attempts": 2' not in jobs.client.get(f"/batches/{jobs.name}/results").text


def _settings(services: Services) -> dict[str, str]:
    names = ("REDIS_URL", "DATA_DIR", "WORKER_PROCESSES")
    return {name.lower(): services.worker.environment[name] for name in names}


@pytest.mark.parametrize(
    "program",
    [["-m", "worker"], pytest.param(["-m", "celery", "-A", "worker.app", "worker"], marks=pytest.mark.slow)],
)
def test_a_worker_that_consumes_bulk_runs_no_interactive_job(tmp_path: Path, program: list[str]) -> None:
    with valkey(tmp_path) as url:
        shared = {"redis_url": url, "data_dir": tmp_path / "data", "wait_timeout": 1}
        api = start(["-m", "api"], tmp_path / "api.log", **shared)
        worker = start([*program, "-Q", "bulk", "-c", "1"], tmp_path / "worker.log", **shared)
        try:
            api.wait_until_ready()
            waiting = httpx.post(f"{api.url}/extract-face", files={"file": DOCUMENT}, timeout=60)
            assert waiting.status_code == 504
            jobs = Jobs(api.url)
            jobs.submit(5)
            jobs.wait()
            assert jobs.ends() == {"succeeded": 5}
            assert httpx.get(api.url + waiting.headers["location"], timeout=60).json()["status"] == "queued"
        finally:
            worker.interrupt()
            api.interrupt()
