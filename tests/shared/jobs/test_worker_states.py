"""The workers and their running jobs, from heartbeats and leases."""

import json
import time
from datetime import UTC, datetime

import pytest

from shared.jobs import WorkerReport
from shared.jobs.holders import process_name
from tests.shared.records import KEYS, Records

REPORT = WorkerReport(["interactive", "bulk"], processes=2, uptime=90.0)


def test_a_worker_is_listed_with_its_report_and_its_running_jobs(records: Records) -> None:
    records.workers.heartbeat("celery@a.example.org", REPORT)
    job_id = records.create()
    records.claim(f"{process_name('celery@a.example.org', 7)}.1", job_id)
    states = records.worker_states()
    (worker,) = states.workers
    assert (worker.name, worker.host, worker.state) == ("celery@a.example.org", "a.example.org", "running")
    assert (worker.queues, worker.processes, worker.sandboxed) == (["interactive", "bulk"], 2, True)
    assert worker.started_at is not None
    assert states.at - worker.started_at.timestamp() == pytest.approx(90, abs=5)
    assert worker.last_heartbeat_at is not None
    assert states.at - worker.last_heartbeat_at.timestamp() == pytest.approx(0, abs=5)
    (job,) = worker.jobs
    assert (job.id, job.kind, job.attempt) == (job_id, "extract-face", 1)
    assert job.started_at == records.get(job_id).started_at


def test_workers_are_sorted_by_host_and_keep_their_own_jobs(records: Records) -> None:
    for name in ("celery@b", "second@a", "celery@a"):
        records.workers.heartbeat(name, REPORT, confined=name != "second@a")
    job_id = records.create()
    records.claim(f"{process_name('celery@b', 7)}.1", job_id)
    workers = records.worker_states().workers
    assert [worker.name for worker in workers] == ["celery@a", "second@a", "celery@b"]
    assert [worker.sandboxed for worker in workers] == [True, False, True]
    assert [[job.id for job in worker.jobs] for worker in workers] == [[], [], [job_id]]


def test_a_worker_of_an_earlier_version_is_listed_without_a_report(records: Records) -> None:
    records.redis.zadd(KEYS.workers, {"celery@old": time.time()})
    (worker,) = records.worker_states().workers
    assert (worker.name, worker.state) == ("celery@old", "running")
    assert (worker.started_at, worker.queues, worker.processes) == (None, None, None)


def test_a_report_of_a_newer_version_may_have_other_fields(records: Records) -> None:
    records.redis.zadd(KEYS.workers, {"celery@new": time.time()})
    records.redis.set(KEYS.worker("celery@new"), json.dumps({"queues": ["bulk"], "accelerator": "cuda"}))
    (worker,) = records.worker_states().workers
    assert (worker.queues, worker.processes) == (["bulk"], None)


def test_a_silent_worker_is_lost_after_30_seconds_and_forgotten_after_5_minutes(records: Records) -> None:
    now = time.time()
    records.redis.zadd(KEYS.workers, {"celery@here": now - 20, "celery@lost": now - 40, "celery@gone": now - 310})
    states = [(worker.name, worker.state) for worker in records.worker_states().workers]
    assert states == [("celery@here", "running"), ("celery@lost", "lost")]


def test_a_worker_that_has_left_is_listed_as_long_as_it_runs_jobs(records: Records) -> None:
    records.workers.heartbeat("celery@a", REPORT)
    job_id = records.create()
    token = f"{process_name('celery@a', 7)}.1"
    records.claim(token, job_id)
    records.workers.remove("celery@a")
    assert records.redis.exists(KEYS.worker("celery@a")) == 0
    (worker,) = records.worker_states().workers
    assert (worker.name, worker.state, worker.last_heartbeat_at) == ("celery@a", "stopping", None)
    assert [job.id for job in worker.jobs] == [job_id]
    records.succeed(job_id, token)
    assert records.worker_states().workers == []


def test_a_report_expires_with_its_worker(records: Records) -> None:
    records.workers.heartbeat("celery@a", REPORT)
    assert 0 < records.redis.ttl(KEYS.worker("celery@a")) <= 300


def test_the_time_of_the_states_is_the_servers(records: Records) -> None:
    at = datetime.fromtimestamp(records.worker_states().at, UTC)
    assert abs((datetime.now(UTC) - at).total_seconds()) < 5
