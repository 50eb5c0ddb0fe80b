"""Celery's own tools tell the truth about the running system, and what they are asked to do is done.

Each command is run once as an operator runs it. It takes seconds to start, so what is asked for besides is asked for by
the functions of Celery that the commands call.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
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
from tests.support.sabotage import LOOP
from tests.support.servers import ROOT, STOP_TIMEOUT, System, free_port, start, valkey
from tests.system.faults import DOCUMENT, Jobs

LEASE = 8  # seconds
REPLY_TIMEOUT = 60.0  # seconds


@dataclass
class Parts:
    """An API and a worker of one process, on a server of their own."""

    api: System
    worker: System

    def celery(self, *arguments: str, answered: bool = True) -> str:
        """Run one of Celery's commands, which fails if no worker answers; return what it prints."""
        command = [sys.executable, "-m", "celery", "-A", "worker.app", *arguments]
        own = os.environ | {"REDIS_URL": self.api.environment["REDIS_URL"]}
        return subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, check=answered).stdout

    def inspect(self, method: str) -> Any:
        """Return the worker's answer; named as the destination, it is not waited for longer than it takes."""
        options = ["--destination", default_nodename(""), "--timeout", str(REPLY_TIMEOUT), "--json"]
        (answer,) = json.loads(self.celery("inspect", method, *options)).values()
        return answer

    @property
    def control(self) -> Control:
        """Celery's functions behind ``celery control`` and ``celery inspect``."""
        return celery_app(self.api.environment["REDIS_URL"], "nsfas").control

    @property
    def waiting(self) -> dict[str, Any]:
        """Arguments of these functions that make them wait for the worker's answer, no longer than it takes."""
        return {"reply": True, "destination": [default_nodename("")], "timeout": REPLY_TIMEOUT}

    def terminate(self, job_id: str) -> None:
        """Terminate a job as ``celery control terminate SIGKILL`` does, and wait until the worker has done it."""
        self.control.terminate(job_id, signal="SIGKILL", **self.waiting)

    def ask(self, command: str, **arguments: object) -> Any:
        """Send any other remote control command; return the worker's answer."""
        replies = self.control.broadcast(command, arguments=arguments, **self.waiting) or []
        (answer,) = [answer for reply in replies for answer in reply.values()]
        return answer

    def status(self, job_id: str) -> str:
        return str(httpx.get(f"{self.api.url}/jobs/{job_id}").json()["status"])

    def pool(self) -> list[psutil.Process]:
        return psutil.Process(self.worker.process.pid).children()


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    home = tmp_path_factory.mktemp("celery-tools")
    with valkey(home) as url:
        shared = {"redis_url": url, "data_dir": home / "data", "job_time_limit": 300, "job_lease": LEASE}
        api = start(["-m", "api"], home / "api.log", **shared)
        worker = start(["-m", "tests.support.sabotage", "worker"], home / "worker.log", **shared, worker_processes=1)
        try:
            api.wait_until_ready()
            yield Parts(api, worker)
        finally:
            worker.interrupt()
            api.interrupt()


def test_inspect_shows_the_worker_its_task_and_its_queues(parts: Parts) -> None:
    assert parts.inspect("ping") == {"ok": "pong"}
    assert parts.ask("registered") == ["jobs.run"]
    assert [queue["name"] for queue in parts.ask("active_queues")] == ["interactive", "bulk"]


def test_inspect_active_shows_the_job_that_runs_and_revoke_terminates_and_cancels_it(parts: Parts) -> None:
    jobs = Jobs(parts.api.url, "active")
    jobs.submit(document=DOCUMENT + LOOP)
    jobs.submit()
    running, waiting = jobs.accepted
    eventually(lambda: parts.status(running) == "running")
    (active,) = parts.inspect("active")
    assert (active["id"], active["name"], active["args"]) == (running, "jobs.run", [running])
    assert active["time_start"] > 0
    assert parts.status(waiting) == "queued"
    parts.celery("control", "terminate", "SIGKILL", running)
    jobs.wait()
    assert (parts.status(running), parts.status(waiting)) == ("cancelled", "succeeded")


def test_revoke_cancels_a_waiting_job_at_once_and_no_other(parts: Parts) -> None:
    jobs = Jobs(parts.api.url, "revoked")
    jobs.submit(document=DOCUMENT + LOOP)
    jobs.submit(5)
    hanging, *others = jobs.accepted
    eventually(lambda: parts.status(hanging) == "running")
    parts.celery("control", "revoke", hanging, others[2])
    parts.terminate(others[4])
    assert (parts.status(others[2]), parts.status(others[4])) == ("cancelled", "cancelled")
    assert parts.status(hanging) == "running", "it must be terminated, as Celery has it"
    parts.terminate(hanging)
    jobs.wait()
    assert jobs.ends() == {"cancelled": 3, "succeeded": 3}
    with Redis.from_url(parts.api.environment["REDIS_URL"]) as redis:
        assert redis.zcard(RedisKeys().cancelled) == 0


def test_purge_loses_no_job(parts: Parts) -> None:
    jobs = Jobs(parts.api.url, "purged")
    jobs.submit(document=DOCUMENT + LOOP)
    eventually(lambda: parts.status(jobs.accepted[0]) == "running")
    jobs.submit(30)
    assert "30 messages" in parts.celery("purge", "-f")
    parts.terminate(jobs.accepted[0])
    print(f"purged: all ended {jobs.wait():.1f} s later")
    assert jobs.ends() == {"cancelled": 1, "succeeded": 30}


@pytest.mark.slow
def test_a_job_that_takes_longer_than_its_lease_keeps_it(parts: Parts) -> None:
    jobs = Jobs(parts.api.url, "long")
    jobs.submit(document=DOCUMENT + LOOP)
    (job_id,) = jobs.accepted
    eventually(lambda: parts.status(job_id) == "running")
    time.sleep(2.5 * LEASE)
    job = httpx.get(f"{parts.api.url}/jobs/{job_id}").json()
    assert (job["status"], job["attempts"]) == ("running", 1)
    parts.terminate(job_id)
    jobs.wait()
    assert jobs.ends() == {"cancelled": 1}


def test_a_rate_limit_holds_back_jobs_and_loses_none(parts: Parts) -> None:
    jobs = Jobs(parts.api.url, "limited")
    parts.celery("control", "rate_limit", "jobs.run", "2/s")
    try:
        jobs.submit(8)
        assert jobs.wait() > 2
    finally:
        parts.control.rate_limit("jobs.run", 0, **parts.waiting)
    assert jobs.ends() == {"succeeded": 8}


def test_the_pool_grows_and_its_new_process_runs_jobs(parts: Parts) -> None:
    before = len(parts.pool())
    parts.celery("control", "pool_grow", "1")
    eventually(lambda: len(parts.pool()) == before + 1)
    jobs = Jobs(parts.api.url, "grown")
    jobs.submit(document=DOCUMENT + LOOP)
    eventually(lambda: parts.status(jobs.accepted[0]) == "running")
    jobs.submit(5)
    eventually(lambda: [parts.status(job_id) for job_id in jobs.accepted[1:]] == ["succeeded"] * 5)
    parts.terminate(jobs.accepted[0])
    jobs.wait()
    parts.control.pool_shrink(1, **parts.waiting)
    eventually(lambda: len(parts.pool()) == before)


@pytest.fixture
def flower(parts: Parts) -> Iterator[httpx.Client]:
    port = free_port()
    own = os.environ | {"REDIS_URL": parts.api.environment["REDIS_URL"], "FLOWER_UNAUTHENTICATED_API": "true"}
    command = [sys.executable, "-m", "celery", "-A", "worker.app", "flower", "--address=127.0.0.1", f"--port={port}"]
    process = subprocess.Popen(command, cwd=ROOT, env=own, stderr=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            yield client
    finally:
        process.terminate()
        process.wait(STOP_TIMEOUT)


def ask(flower: httpx.Client, path: str) -> Any:
    try:
        return flower.get(path).raise_for_status().json()
    except httpx.HTTPError:
        return {}


def test_flower_shows_jobs_by_their_ids_with_their_outcomes_and_durations(parts: Parts, flower: httpx.Client) -> None:
    workers = eventually(
        lambda: [each for each in ask(flower, "/api/workers?refresh=1").values() if "registered" in each]
    )
    assert [name.partition(" ")[0] for worker in workers for name in worker["registered"]] == ["jobs.run"]
    jobs = Jobs(parts.api.url, "flower")

    def tasks_seen() -> Any:
        """Submit until Flower has turned on the worker's events; they reach it some time after the job's end."""
        jobs.submit(document=DOCUMENT)
        jobs.submit(document=pdf("No face."))
        jobs.wait()
        # Without a name is a task of which only the last event was seen.
        whole = {key: task for key, task in ask(flower, "/api/tasks").items() if task["name"]}
        seen = {job_id: whole[job_id] for job_id in jobs.accepted if whole.get(job_id, {}).get("state") == "SUCCESS"}
        return seen if {task["result"] for task in seen.values()} == {"'succeeded'", "'no_face'"} else {}

    tasks = eventually(tasks_seen)
    assert {task["name"] for task in tasks.values()} == {"jobs.run"}
    for job_id, task in tasks.items():
        job = httpx.get(f"{parts.api.url}/jobs/{job_id}").json()
        assert 0 < task["runtime"] < 60
        assert task["args"] == f"['{job_id}']"
        assert job["status"] == ("succeeded" if task["result"] == "'succeeded'" else "failed")


def test_shutdown_ends_the_worker_after_its_jobs(parts: Parts) -> None:
    jobs = Jobs(parts.api.url, "shutdown")
    jobs.submit(40)
    parts.celery("control", "shutdown", answered=False)  # it ends rather than answer
    assert parts.worker.process.wait(STOP_TIMEOUT) == 0
    again = start(["-m", "worker"], parts.worker.log, **_settings(parts))
    jobs.submit()  # so that there is something to do for it, however fast the first was
    jobs.wait()
    again.interrupt()
    assert jobs.ends() == {"succeeded": 41}
    assert '"attempts": 2' not in jobs.client.get(f"/batches/{jobs.name}/results").text


def _settings(parts: Parts) -> dict[str, str]:
    names = ("REDIS_URL", "DATA_DIR", "WORKER_PROCESSES")
    return {name.lower(): parts.worker.environment[name] for name in names}


@pytest.mark.parametrize("program", [["-m", "worker"], ["-m", "celery", "-A", "worker.app", "worker"]])
def test_a_worker_told_to_consume_bulk_runs_no_interactive_job(tmp_path: Path, program: list[str]) -> None:
    with valkey(tmp_path) as url:
        shared = {"redis_url": url, "data_dir": tmp_path / "data", "wait_timeout": 1}
        api = start(["-m", "api"], tmp_path / "api.log", **shared)
        worker = start([*program, "-Q", "bulk", "-c", "1"], tmp_path / "worker.log", **shared)
        try:
            api.wait_until_ready()
            waits = httpx.post(f"{api.url}/extract-face", files={"file": DOCUMENT}, timeout=60)
            assert waits.status_code == 504
            jobs = Jobs(api.url)
            jobs.submit(5)
            jobs.wait()
            assert jobs.ends() == {"succeeded": 5}
            assert httpx.get(api.url + waits.headers["location"]).json()["status"] == "queued"
        finally:
            worker.interrupt()
            api.interrupt()
