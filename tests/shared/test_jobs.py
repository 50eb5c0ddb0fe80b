"""The job record's state machine, on a real server: each transition happens once, and only from where it may."""

import asyncio
import time
import uuid
from collections.abc import Iterator

import pytest
from redis import Redis

from shared.blobs import BlobRef
from shared.connections import api_redis
from shared.jobs import Execution, Failure, Intake, Job, Load
from shared.queue import BULK
from shared.schemas import JobKind, JobStatus

INPUTS = {"file": BlobRef("documents/x/file", b"k" * 32)}
LIMIT = 5  # open jobs
RESULT = BlobRef("results/x", b"r" * 32)


@pytest.fixture
def redis(valkey_url: str) -> Iterator[Redis]:
    with Redis.from_url(valkey_url, decode_responses=True) as client:
        client.flushall()
        yield client


@pytest.fixture
def execution(redis: Redis) -> Execution:
    return Execution(redis, lease=20, max_attempts=3, result_ttl=100)


@pytest.fixture
def hasty(redis: Redis) -> Execution:
    """Return a store whose leases run out at once."""
    return Execution(redis, lease=0, max_attempts=3, result_ttl=100)


def submit(url: str) -> Job | None:
    async def run() -> Job | None:
        async with api_redis(url) as redis:
            return await Intake(redis, 100, LIMIT).create(str(uuid.uuid4()), JobKind.EXTRACT_FACE, BULK, INPUTS, 0.5)

    return asyncio.run(run())


def create(url: str) -> str:
    job = submit(url)
    assert job is not None
    return job.id


def load(url: str) -> Load:
    async def run() -> Load:
        async with api_redis(url) as redis:
            return await Intake(redis, 100, LIMIT).load()

    return asyncio.run(run())


def erase(url: str, job_id: str) -> bool:
    async def run() -> bool:
        async with api_redis(url) as redis:
            return await Intake(redis, 100, LIMIT).erase(job_id)

    return asyncio.run(run())


def get(url: str, job_id: str) -> Job:
    async def run() -> Job | None:
        async with api_redis(url) as redis:
            return await Intake(redis, 100, LIMIT).get(job_id)

    job = asyncio.run(run())
    assert job is not None
    return job


def test_a_created_job_waits(valkey_url: str, execution: Execution) -> None:
    job = get(valkey_url, create(valkey_url))
    assert job.status is JobStatus.QUEUED
    assert job.inputs == INPUTS
    assert job.threshold == 0.5
    assert abs(job.created_at.timestamp() - time.time()) < 5
    assert execution.recover() == []


def test_a_job_is_claimed_once(valkey_url: str, execution: Execution) -> None:
    job_id = create(valkey_url)
    claimed = execution.claim(job_id, "one")
    assert claimed is not None
    assert claimed.status is JobStatus.RUNNING
    assert claimed.attempts == 1
    assert execution.claim(job_id, "two") is None


def test_an_unknown_job_cannot_be_claimed(execution: Execution) -> None:
    assert execution.claim("unknown", "one") is None


def test_a_finished_job_has_its_result_a_time_to_live_and_no_input(
    valkey_url: str, execution: Execution, redis: Redis
) -> None:
    job_id = create(valkey_url)
    execution.claim(job_id, "one")
    assert execution.succeed(job_id, "one", RESULT)
    job = get(valkey_url, job_id)
    assert job.status is JobStatus.SUCCEEDED
    assert job.result == RESULT
    assert job.inputs == {}
    assert job.finished_at is not None
    assert 90 < int(redis.ttl(f"job:{job_id}")) <= 100
    assert execution.expired_blobs() == [INPUTS["file"].path]


def test_a_job_ends_once(valkey_url: str, execution: Execution) -> None:
    job_id = create(valkey_url)
    execution.claim(job_id, "one")
    assert execution.fail(job_id, "one", Failure("no_face", "file"))
    assert not execution.succeed(job_id, "one", RESULT)
    assert execution.claim(job_id, "two") is None
    assert get(valkey_url, job_id).failure == Failure("no_face", "file")


def test_a_late_worker_cannot_overwrite_the_one_that_took_over(valkey_url: str, hasty: Execution) -> None:
    job_id = create(valkey_url)
    hasty.claim(job_id, "late")
    assert hasty.recover() == [(job_id, BULK)]
    assert not hasty.renew(job_id, "late")
    assert hasty.claim(job_id, "next") is not None
    assert not hasty.fail(job_id, "late", Failure("internal_error"))
    assert hasty.succeed(job_id, "next", RESULT)
    assert get(valkey_url, job_id).attempts == 2


def test_a_renewed_lease_is_not_recovered(valkey_url: str, execution: Execution, hasty: Execution) -> None:
    job_id = create(valkey_url)
    hasty.claim(job_id, "one")
    assert execution.renew(job_id, "one")
    assert execution.recover() == []


def test_a_job_whose_workers_vanish_is_set_aside_after_the_last_attempt(valkey_url: str, hasty: Execution) -> None:
    job_id = create(valkey_url)
    for attempt in range(3):
        claimed = hasty.claim(job_id, f"attempt {attempt}")
        assert claimed is not None
        assert hasty.recover() == ([(job_id, BULK)] if attempt < 2 else [])
    job = get(valkey_url, job_id)
    assert job.status is JobStatus.FAILED
    assert job.failure == Failure("worker_crashed")
    assert hasty.expired_blobs() == [INPUTS["file"].path]


def test_a_recovered_job_keeps_its_place_in_the_queue(valkey_url: str, hasty: Execution, redis: Redis) -> None:
    first, second = create(valkey_url), create(valkey_url)
    hasty.claim(first, "one")
    hasty.recover()
    assert redis.zrange("jobs:queued:bulk", 0, -1) == [first, second]


def test_a_job_whose_message_was_lost_is_found(valkey_url: str, execution: Execution, redis: Redis) -> None:
    job_id = create(valkey_url)
    assert execution.unpublished() == []
    redis.zadd("jobs:queued:bulk", {job_id: time.time() - 60})
    assert execution.unpublished() == [(job_id, BULK)]
    redis.lpush(BULK, "a message")
    assert execution.unpublished() == []


def test_one_caller_in_the_interval_sweeps(execution: Execution) -> None:
    assert [execution.sweep_turn(5) for _ in range(3)] == [True, False, False]


def test_a_worker_counts_until_it_leaves_or_falls_silent(valkey_url: str, execution: Execution, redis: Redis) -> None:
    assert load(valkey_url).workers == 0
    execution.pulse("one")
    execution.pulse("two")
    assert load(valkey_url).workers == 2
    execution.leave("one")
    redis.zadd("workers", {"two": time.time() - 40})
    assert load(valkey_url).workers == 0


def test_a_waiting_job_that_is_erased_ends_as_cancelled_and_is_not_claimed(
    valkey_url: str, execution: Execution, redis: Redis
) -> None:
    job_id = create(valkey_url)
    assert erase(valkey_url, job_id)
    job = get(valkey_url, job_id)
    assert job.status is JobStatus.CANCELLED
    assert job.inputs == {}
    assert execution.claim(job_id, "one") is None
    assert redis.zcard("jobs:queued:bulk") == 0
    assert execution.expired_blobs() == [INPUTS["file"].path]


def test_a_running_job_that_is_erased_cannot_be_ended_by_its_worker(valkey_url: str, execution: Execution) -> None:
    job_id = create(valkey_url)
    execution.claim(job_id, "one")
    assert erase(valkey_url, job_id)
    assert not execution.succeed(job_id, "one", RESULT)
    assert get(valkey_url, job_id).status is JobStatus.CANCELLED


def test_an_ended_job_that_is_erased_is_forgotten_with_its_result(
    valkey_url: str, execution: Execution, redis: Redis
) -> None:
    job_id = create(valkey_url)
    execution.claim(job_id, "one")
    execution.succeed(job_id, "one", RESULT)
    assert erase(valkey_url, job_id)
    assert not redis.exists(f"job:{job_id}")
    assert RESULT.path in execution.expired_blobs()
    assert not erase(valkey_url, job_id)


def test_no_more_jobs_are_accepted_than_may_be_open(valkey_url: str, execution: Execution) -> None:
    ids = [create(valkey_url) for _ in range(LIMIT)]
    execution.claim(ids[0], "one")
    assert submit(valkey_url) is None
    execution.succeed(ids[0], "one", RESULT)
    assert submit(valkey_url) is not None


def test_the_load_says_what_waits_and_runs(valkey_url: str, execution: Execution) -> None:
    ids = [create(valkey_url) for _ in range(3)]
    execution.claim(ids[0], "one")
    snapshot = load(valkey_url)
    assert snapshot.waiting == {"interactive": 0, "bulk": 2}
    assert snapshot.running == 1
    assert snapshot.open == 3
    assert 0 <= snapshot.oldest["bulk"] < 5
    assert snapshot.oldest["interactive"] == 0


def test_the_rate_of_the_last_minute_says_when_to_come_back(valkey_url: str, redis: Redis) -> None:
    assert load(valkey_url).retry_after == 30
    bucket = int(time.time()) // 10 - 2
    redis.hset(f"rate:{bucket}", mapping={"ended": 600, "started": 4, "waited": 10})
    for number in range(1000):
        redis.zadd("jobs:queued:bulk", {f"job {number}": time.time() - number})
    snapshot = load(valkey_url)
    assert snapshot.per_second == 10
    assert snapshot.mean_wait == 2.5
    assert snapshot.retry_after == 10
