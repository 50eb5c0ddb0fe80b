"""Batches: counts by status, ended jobs in order, and expiry with the last result."""

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from shared.jobs import Execution, Failure
from shared.schemas import JobStatus
from tests.shared.records import KEYS, LEASE, LIMIT, TTL, Records
from tests.support.eventually import eventually

NAME = "intake"
BATCH = KEYS.batch(NAME)


def counts(records: Records) -> dict[str, int]:
    batch = records.batch(NAME)
    assert batch is not None
    return {status.value: count for status, count in batch.counts.items() if count}


def test_an_unknown_batch_is_none(records: Records) -> None:
    assert records.batch("unknown") is None


def test_a_batch_counts_its_jobs_by_status(records: Records) -> None:
    first, second = records.create(batch=NAME), records.create(batch=NAME)
    records.create()
    assert counts(records) == {"queued": 2}
    records.claim("one.1")
    assert counts(records) == {"queued": 1, "running": 1}
    records.succeed(first, "one.1")
    records.claim("two.2")
    records.fail(second, "two.2", Failure("no_face"))
    assert counts(records) == {"succeeded": 1, "failed": 1}


def test_results_are_in_the_order_of_ending_and_continue_from_a_cursor(records: Records) -> None:
    ids = [records.create(batch=NAME) for _ in range(3)]
    for number in range(3):
        records.claim(f"message.{number}")
    for number in (2, 0, 1):
        records.succeed(ids[number], f"message.{number}")
    assert [(cursor, job.id) for cursor, job in records.ended(NAME)] == [(1, ids[2]), (2, ids[0]), (3, ids[1])]
    assert [cursor for cursor, _ in records.ended(NAME, since=2)] == [3]
    assert records.ended(NAME, since=3) == []
    batch = records.batch(NAME)
    assert batch is not None
    assert batch.cursor == 3
    assert batch.per_second > 0
    assert batch.seconds_left == 0


def test_erased_jobs_are_counted_but_not_listed(records: Records) -> None:
    ids = [records.create(batch=NAME) for _ in range(2)]
    for number, job_id in enumerate(ids):
        records.claim(f"message.{number}")
        records.succeed(job_id, f"message.{number}")
    records.erase(ids[0])
    assert [job.id for _, job in records.ended(NAME)] == [ids[1]]
    assert counts(records) == {"succeeded": 2}


def test_cancelling_a_batch_cancels_queued_jobs_only(records: Records) -> None:
    running, *waiting = (records.create(batch=NAME) for _ in range(3))
    other = records.create()
    records.claim("one.1")
    assert records.cancel_batch(NAME) == 2
    assert counts(records) == {"running": 1, "cancelled": 2}
    assert {records.get(job_id).status for job_id in waiting} == {JobStatus.CANCELLED}
    assert records.get(other).status is JobStatus.QUEUED
    assert records.succeed(running, "one.1")


def test_a_batch_expires_with_its_last_result(records: Records) -> None:
    first, second = records.create(batch=NAME), records.create(batch=NAME)
    records.claim("one.1")
    records.succeed(first, "one.1")
    assert records.redis.ttl(BATCH) == -1
    records.erase(second)
    assert 0 < int(records.redis.ttl(BATCH)) <= TTL
    assert 0 < int(records.redis.ttl(f"{BATCH}:ended")) <= TTL
    records.create(batch=NAME)
    assert records.redis.ttl(BATCH) == -1


@pytest.mark.long
def test_an_open_batch_does_not_list_expired_jobs(records: Records) -> None:
    records.create(batch=NAME)
    short, long = (Execution(records.redis, lease=LEASE, result_ttl=ttl) for ttl in (1, TTL))
    for execution in (short, short, long):
        job_id = records.create(batch=NAME)
        execution.claim(job_id, "one.1")
        execution.fail(records.get(job_id), "one.1", Failure("no_face"))
    eventually(lambda: len(records.ended(NAME)) == 1, waiting_for="two records to expire")
    last = records.create(batch=NAME)
    records.claim("one.1", last)
    records.fail(last, "one.1")
    assert records.redis.zcard(f"{BATCH}:ended") == 2


class BatchSteps:
    """Applies steps to the jobs of a batch; a step that is not possible does nothing."""

    def __init__(self, records: Records) -> None:
        records.redis.flushall()
        self.records = records
        self.ids: list[str] = []
        self.held: list[tuple[str, str]] = []
        self.messages = 0

    def create(self) -> None:
        if self.records.load().open < LIMIT:
            self.ids.append(self.records.create(batch=NAME))

    def claim(self, lease: int = LEASE) -> None:
        self.messages += 1
        token = f"message{self.messages}.attempt"
        if job := self.records.claim(token, lease=lease):
            self.held.append((job.id, token))

    def lapse(self) -> None:
        self.claim(lease=0)
        self.records.recovery.recover()

    def succeed(self) -> None:
        if self.held:
            self.records.succeed(*self.held.pop())

    def fail(self) -> None:
        if self.held:
            self.records.fail(*self.held.pop())

    def postpone(self) -> None:
        if self.held:
            self.records.postpone(*self.held.pop(), 0)

    def cancel(self) -> None:
        if self.ids and not self.records.get(self.ids[-1]).status.ended:
            self.records.erase(self.ids[-1])

    def cancel_all(self) -> None:
        self.records.cancel_batch(NAME)


STEPS = ("create", "claim", "lapse", "succeed", "fail", "postpone", "cancel", "cancel_all")


@pytest.mark.long
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.sampled_from(STEPS), max_size=40))
def test_counts_match_the_jobs_after_any_sequence_of_steps(records: Records, steps: list[str]) -> None:
    batch_steps = BatchSteps(records)
    for step in steps:
        getattr(batch_steps, step)()
    jobs = [records.get(job_id) for job_id in batch_steps.ids]
    statuses = [job.status.value for job in jobs]
    if jobs:
        assert counts(records) == {status: statuses.count(status) for status in set(statuses)}
        assert {job.id for _, job in records.ended(NAME)} == {job.id for job in jobs if job.status.ended}
    assert records.redis.scard(f"{BATCH}:queued") == statuses.count("queued")
    assert records.redis.zcard(KEYS.running) == statuses.count("running")
    postponed = records.redis.zcard(KEYS.postponed)
    assert sum(records.load().waiting.values()) + int(postponed) == statuses.count("queued")
