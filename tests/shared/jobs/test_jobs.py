"""The state machine of job records on a real server: each transition happens once and only from allowed states."""

import time
import uuid

import pytest
from structlog.testing import capture_logs

from shared.jobs import CreateOutcome, Execution, Failure, IdempotencyKey, RedisKeys, WebhookTarget, WorkerReport
from shared.jobs.recovery import LONGEST_PAUSE
from shared.queue import BULK, INTERACTIVE
from shared.schemas import JobStatus
from tests.shared.records import INPUT, KEYS, LEASE, LIMIT, OPTIONS, RESULT, TTL, Records
from tests.support.eventually import eventually


def test_a_created_job_is_queued(records: Records) -> None:
    job = records.get(records.create())
    assert job.status is JobStatus.QUEUED
    assert job.inputs == {"file": INPUT}
    assert job.options == OPTIONS
    assert abs(job.created_at.timestamp() - time.time()) < 5
    assert records.recovery.recover() == {}


def test_a_job_is_claimed_once(records: Records) -> None:
    job_id = records.create()
    claimed = records.claim("one.1", job_id)
    assert claimed is not None
    assert claimed.id == job_id
    assert claimed.status is JobStatus.RUNNING
    assert claimed.attempts == 1
    assert records.claim("two.2", job_id) is None


def test_a_message_claims_only_its_own_job(records: Records) -> None:
    first, second = records.create(), records.create()
    claimed = records.claim("one.1", second)
    assert claimed is not None
    assert claimed.id == second
    assert records.get(first).status is JobStatus.QUEUED
    assert records.claim("two.2", "unknown") is None


def test_a_claim_that_is_sent_twice_returns_the_same_job(records: Records) -> None:
    job_id = records.create()
    first = records.claim("one.1", job_id)
    assert records.claim("one.1", job_id) == first
    assert records.rate("started") == 1


def test_a_job_whose_record_is_lost_is_dropped_and_logged(records: Records) -> None:
    """A lost record must not cause an error in every later claim and reaper run."""
    waiting, overdue, running, postponed, other = (records.create() for _ in range(5))
    records.redis.zadd(KEYS.waiting(BULK), {overdue: time.time() - 60})
    records.claim("one.1", running, lease=0)
    records.claim("two.2", postponed)
    records.postpone(postponed, "two.2", 0)
    lost = {waiting, overdue, running, postponed}
    for job_id in lost:
        records.redis.delete(KEYS.job(job_id))
    with capture_logs() as lines:
        assert records.claim("three.3", waiting) is None
        assert records.recovery.recover() == {}
        assert records.recovery.republish_lost({INTERACTIVE: 0, BULK: 0}) == {}
    assert {line["job_id"] for line in lines if line["log_level"] == "error"} == lost
    assert records.redis.exists(*map(KEYS.job, lost)) == 0
    assert records.load().open == 1
    assert records.claim("four.4", other) is not None


def test_an_erase_command_that_is_sent_twice_only_cancels_the_job(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.jobs.repository.uuid.uuid4", lambda: uuid.UUID(int=1))
    job_id = records.create(callback=WebhookTarget("https://forms.example.org/", with_image=False))
    assert records.erase(job_id)
    assert records.erase(job_id)
    assert records.get(job_id).status is JobStatus.CANCELLED
    assert records.webhooks.due(queue_is_empty=True) == [job_id]


def test_an_ended_job_has_a_result_and_a_time_to_live_and_no_inputs(records: Records) -> None:
    job_id = records.create()
    records.claim("one.1")
    assert records.succeed(job_id, "one.1")
    job = records.get(job_id)
    assert job.status is JobStatus.SUCCEEDED
    assert job.result == RESULT
    assert job.inputs == {}
    assert job.finished_at is not None
    assert TTL - 10 < int(records.redis.ttl(KEYS.job(job_id))) <= TTL
    assert records.cleanup.expired_blobs() == [INPUT.path]


def test_a_job_ends_once(records: Records) -> None:
    job_id = records.create()
    records.claim("one.1")
    assert records.fail(job_id, "one.1", Failure("no_face", "file"))
    assert not records.succeed(job_id, "two.2")
    assert records.claim("two.2", job_id) is None
    assert records.get(job_id).failure == Failure("no_face", "file")
    assert records.rate("ended") == 1


def test_a_finish_command_that_is_sent_twice_succeeds_twice(records: Records) -> None:
    job_id = records.create()
    records.claim("one.1")
    assert records.succeed(job_id, "one.1")
    assert records.succeed(job_id, "one.1")
    assert records.rate("ended") == 1


def test_a_late_worker_cannot_overwrite_the_next_attempt(records: Records) -> None:
    job_id = records.create()
    records.claim("late.1", lease=0)
    assert records.recovery.recover() == {job_id: INTERACTIVE}
    assert records.claim("next.2") is not None
    assert not records.fail(job_id, "late.1", Failure("internal_error"))
    assert records.succeed(job_id, "next.2")
    assert records.get(job_id).attempts == 2


def test_a_renewed_lease_is_not_recovered(records: Records) -> None:
    job_id = records.create()
    records.claim("one.1", lease=0)
    records.execution.renew([(job_id, "one"), ("another", "without a job")])
    assert records.recovery.recover() == {}


def test_a_job_whose_process_died_is_requeued_at_once(records: Records) -> None:
    job_id = records.create()
    records.claim("one.1")
    assert records.recovery.recover() == {}
    assert not records.execution.release(job_id, "another")
    assert records.execution.release(job_id, "one")
    assert records.recovery.recover() == {job_id: INTERACTIVE}
    assert not records.execution.release(job_id, "one")


def test_a_job_whose_process_was_killed_fails_with_the_given_failure(records: Records) -> None:
    job_id = records.create()
    records.claim("one.1")
    assert records.execution.release(job_id, "one", Failure("timed_out"))
    assert records.get(job_id).failure == Failure("timed_out")
    assert not records.succeed(job_id, "one.1")


@pytest.mark.parametrize(("counts", "attempts"), [(True, 1), (False, 0)])
def test_a_postponed_job_cannot_be_claimed(records: Records, *, counts: bool, attempts: int) -> None:
    job_id = records.create()
    records.claim("one.1")
    assert records.postpone(job_id, "one.1", LEASE, counts=counts)
    job = records.get(job_id)
    assert job.status is JobStatus.QUEUED
    assert job.attempts == attempts
    assert records.claim("two.2", job_id) is None
    assert records.recovery.recover() == {}


@pytest.mark.long
def test_a_postponed_job_can_be_claimed_after_its_delay(records: Records) -> None:
    job_id = records.create()
    records.claim("one.1")
    assert records.postpone(job_id, "one.1", 1, counts=False)
    assert eventually(records.recovery.recover) == {job_id: BULK}
    assert records.claim("two.2") is not None


def test_a_delay_of_minutes_is_kept(records: Records) -> None:
    job_id = records.create()
    records.claim("one.1")
    assert records.postpone(job_id, "one.1", LONGEST_PAUSE - 10)
    assert records.recovery.recover() == {}


def test_erasing_a_queued_job_cancels_it(records: Records) -> None:
    job_id = records.create()
    assert records.erase(job_id)
    job = records.get(job_id)
    assert job.status is JobStatus.CANCELLED
    assert job.inputs == {}
    assert records.claim("one.1", job_id) is None
    assert records.load().open == 0
    assert records.cleanup.expired_blobs() == [INPUT.path]


def test_the_worker_of_an_erased_job_cannot_end_it(records: Records) -> None:
    job_id = records.create()
    records.claim("one.1")
    assert not records.erase(job_id, only_queued=True)
    assert records.erase(job_id)
    assert not records.succeed(job_id, "one.1")
    assert records.get(job_id).status is JobStatus.CANCELLED


def test_erasing_an_ended_job_deletes_it_and_its_result(records: Records) -> None:
    job_id = records.create()
    records.claim("one.1")
    records.succeed(job_id, "one.1")
    assert records.erase(job_id)
    assert not records.redis.exists(KEYS.job(job_id))
    assert RESULT.path in records.cleanup.expired_blobs()
    assert not records.erase(job_id)


def test_jobs_are_refused_at_the_limit_of_open_jobs(records: Records) -> None:
    ids = [records.create() for _ in range(LIMIT)]
    records.claim("one.1")
    assert records.submit().outcome is CreateOutcome.FULL
    records.succeed(ids[0], "one.1")
    assert records.submit().outcome is CreateOutcome.CREATED


def test_messages_of_cancelled_jobs_count_as_open_until_they_are_received(records: Records) -> None:
    """Otherwise a client that submits and cancels jobs while no worker runs could fill the broker."""
    ids = [records.create() for _ in range(LIMIT)]
    for job_id in ids:
        records.erase(job_id)
    assert records.submit().outcome is CreateOutcome.FULL
    assert records.claim("one.1", ids[0]) is None
    assert records.submit().outcome is CreateOutcome.CREATED
    assert records.submit().outcome is CreateOutcome.FULL


def test_two_systems_on_one_server_are_isolated(records: Records) -> None:
    job_id = records.create()
    other = Execution(records.redis, lease=LEASE, result_ttl=TTL, keys=RedisKeys("other"))
    assert other.claim(job_id, "one.1") is None
    assert records.claim("one.1", job_id) is not None


def test_every_key_has_the_prefix_and_the_hash_tag(records: Records) -> None:
    callback = WebhookTarget("https://forms.example.org/", with_image=False)
    for number in range(4):
        key = IdempotencyKey(f"key {number}", "fingerprint")
        job_id = str(number)
        records.submit(key=key, batch="batch", callback=callback, job_id=job_id)
        records.claim(f"one.{number}", job_id)
    records.succeed("0", "one.0")
    records.fail("1", "one.1")
    records.postpone("2", "one.2", 10)
    records.erase("3")
    records.recovery.acquire_run()
    records.recovery.recover()
    records.workers.heartbeat("one", WorkerReport(["bulk"], processes=1, uptime=1.0))
    records.cleanup.is_due()
    assert {str(key).partition("}:")[0] for key in records.redis.scan_iter()} == {"{nsfas"}
