"""The job record's state machine, on a real server: each transition happens once, and only from where it may."""

import time

import pytest

from shared.jobs import Failure, Outcome
from shared.jobs.recovery import LONGEST_PAUSE
from shared.queue import BULK, INTERACTIVE
from shared.schemas import JobStatus
from tests.eventually import eventually
from tests.shared.records import INPUT, LEASE, LIMIT, RESULT, TTL, Records


def test_a_created_job_waits(records: Records) -> None:
    job = records.get(records.create())
    assert job.status is JobStatus.QUEUED
    assert job.inputs == {"file": INPUT}
    assert job.threshold == 0.5
    assert abs(job.created_at.timestamp() - time.time()) < 5
    assert records.recovery.recover() == []


def test_a_job_is_claimed_once(records: Records) -> None:
    job_id = records.create()
    claimed = records.execution.claim("one.1")
    assert claimed is not None
    assert claimed.id == job_id
    assert claimed.status is JobStatus.RUNNING
    assert claimed.attempts == 1
    assert records.execution.claim("two.2") is None


def test_a_worker_that_lost_the_answer_to_its_claim_gets_the_same_again(records: Records) -> None:
    records.create()
    records.create()
    first = records.execution.claim("one.1")
    assert records.execution.claim("one.1") == first
    assert records.load().waiting[BULK] == 1


def test_the_oldest_interactive_job_comes_first_whatever_message_woke_the_worker(records: Records) -> None:
    bulk, first, second = records.create(BULK), records.create(INTERACTIVE), records.create(INTERACTIVE)
    order = [records.execution.claim(f"message.{number}") for number in range(3)]
    assert [job.id if job else None for job in order] == [first, second, bulk]


def test_bulk_gets_one_turn_in_twenty_where_interactive_jobs_always_wait(records: Records) -> None:
    bulk = records.create(BULK)
    order = []
    for number in range(20):
        records.create(INTERACTIVE)
        job = records.execution.claim(f"message.{number}")
        assert job is not None
        order.append(job.id)
        records.execution.fail(job.id, f"message.{number}", Failure("no_face"))
    assert order.index(bulk) == 19


def test_a_finished_job_has_its_result_a_time_to_live_and_no_input(records: Records) -> None:
    job_id = records.create()
    records.execution.claim("one.1")
    assert records.execution.succeed(job_id, "one.1", RESULT)
    job = records.get(job_id)
    assert job.status is JobStatus.SUCCEEDED
    assert job.result == RESULT
    assert job.inputs == {}
    assert job.finished_at is not None
    assert TTL - 10 < int(records.redis.ttl(f"job:{job_id}")) <= TTL
    assert records.recovery.expired_blobs() == [INPUT.path]


def test_a_job_ends_once(records: Records) -> None:
    job_id = records.create()
    records.execution.claim("one.1")
    assert records.execution.fail(job_id, "one.1", Failure("no_face", "file"))
    assert not records.execution.succeed(job_id, "two.2", RESULT)
    assert records.execution.claim("two.2") is None
    assert records.get(job_id).failure == Failure("no_face", "file")
    assert records.load().ended == 0  # of whole tens of seconds; the bucket of now is not one
    assert sum(float(records.redis.hget(key, "ended") or 0) for key in records.redis.keys("rate:*")) == 1


def test_a_worker_that_lost_the_answer_to_its_end_is_told_again_that_it_ended(records: Records) -> None:
    job_id = records.create()
    records.execution.claim("one.1")
    assert records.execution.succeed(job_id, "one.1", RESULT)
    assert records.execution.succeed(job_id, "one.1", RESULT)
    assert sum(float(records.redis.hget(key, "ended") or 0) for key in records.redis.keys("rate:*")) == 1


def test_a_late_worker_cannot_overwrite_the_one_that_took_over(records: Records) -> None:
    job_id = records.create()
    records.executing(lease=0).claim("late.1")
    assert records.recovery.recover() == [job_id]
    assert records.execution.claim("next.2") is not None
    assert not records.execution.fail(job_id, "late.1", Failure("internal_error"))
    assert records.execution.succeed(job_id, "next.2", RESULT)
    assert records.get(job_id).attempts == 2


def test_a_renewed_lease_is_not_recovered(records: Records) -> None:
    records.create()
    records.executing(lease=0).claim("one.1")
    records.execution.renew(["one", "another that holds nothing"])
    assert records.recovery.recover() == []


def test_a_job_whose_process_is_gone_is_free_at_once(records: Records) -> None:
    job_id = records.create()
    records.execution.claim("one.1")
    assert records.recovery.recover() == []
    assert records.execution.abandon("one") == job_id
    assert records.recovery.recover() == [job_id]
    assert records.execution.abandon("one") is None


def test_a_job_whose_process_was_stopped_fails_for_the_reason_given(records: Records) -> None:
    job_id = records.create()
    records.execution.claim("one.1")
    assert records.execution.abandon("one", Failure("timed_out")) == job_id
    assert records.get(job_id).failure == Failure("timed_out")
    assert not records.execution.succeed(job_id, "one.1", RESULT)


@pytest.mark.parametrize(("counts", "attempts"), [(True, 1), (False, 0)])
def test_a_postponed_job_waits_out_of_turn(records: Records, *, counts: bool, attempts: int) -> None:
    job_id = records.create()
    records.execution.claim("one.1")
    assert records.execution.postpone(job_id, "one.1", LEASE, counts=counts)
    job = records.get(job_id)
    assert job.status is JobStatus.QUEUED
    assert job.attempts == attempts
    assert records.execution.claim("two.2") is None
    assert records.recovery.recover() == []


def test_a_postponed_job_is_claimed_again_when_its_time_has_come(records: Records) -> None:
    job_id = records.create()
    records.execution.claim("one.1")
    assert records.execution.postpone(job_id, "one.1", 1, counts=False)
    assert eventually(records.recovery.recover) == [job_id]
    assert records.execution.claim("two.2") is not None


def test_a_pause_of_minutes_is_not_cut_short(records: Records) -> None:
    job_id = records.create()
    records.execution.claim("one.1")
    assert records.execution.postpone(job_id, "one.1", LONGEST_PAUSE - 10, counts=True)
    assert records.recovery.recover() == []


def test_a_waiting_job_that_is_erased_ends_as_cancelled_and_is_not_claimed(records: Records) -> None:
    job_id = records.create()
    assert records.erase(job_id)
    job = records.get(job_id)
    assert job.status is JobStatus.CANCELLED
    assert job.inputs == {}
    assert records.execution.claim("one.1") is None
    assert records.load().open == 0
    assert records.recovery.expired_blobs() == [INPUT.path]


def test_a_running_job_that_is_erased_cannot_be_ended_by_its_worker(records: Records) -> None:
    job_id = records.create()
    records.execution.claim("one.1")
    assert not records.erase(job_id, only_waiting=True)
    assert records.erase(job_id)
    assert not records.execution.succeed(job_id, "one.1", RESULT)
    assert records.get(job_id).status is JobStatus.CANCELLED


def test_an_ended_job_that_is_erased_is_forgotten_with_its_result(records: Records) -> None:
    job_id = records.create()
    records.execution.claim("one.1")
    records.execution.succeed(job_id, "one.1", RESULT)
    assert records.erase(job_id)
    assert not records.redis.exists(f"job:{job_id}")
    assert RESULT.path in records.recovery.expired_blobs()
    assert not records.erase(job_id)


def test_no_more_jobs_are_accepted_than_may_be_open(records: Records) -> None:
    ids = [records.create() for _ in range(LIMIT)]
    records.execution.claim("one.1")
    assert records.submit().outcome is Outcome.FULL
    records.execution.succeed(ids[0], "one.1", RESULT)
    assert records.submit().outcome is Outcome.CREATED


def test_no_worker_is_woken_while_messages_of_cancelled_jobs_are_left(records: Records) -> None:
    first = records.submit()
    assert first.wake
    records.redis.lpush(BULK, "the message of the first")
    assert records.submit().wake  # two jobs, one message
    assert first.job is not None
    records.erase(first.job.id)
    records.redis.lpush(BULK, "the message of the second")
    assert not records.submit().wake  # two jobs, two messages


def test_a_message_that_came_twice_holds_the_job_that_it_took_last(records: Records) -> None:
    first, second = records.create(), records.create()
    records.execution.claim("message.1")
    records.execution.claim("message.2")
    assert records.execution.succeed(first, "message.1", RESULT)
    assert records.redis.hgetall("jobs:held") == {"message": second}
    assert records.execution.succeed(second, "message.2", RESULT)
    assert records.redis.hgetall("jobs:held") == {}
