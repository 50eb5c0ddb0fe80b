"""What was lost is found in the records, however it was lost, and a clock that jumps keeps nothing from being found."""

import time

import pytest

from shared.jobs import Failure, Target
from shared.queue import BULK, INTERACTIVE
from shared.schemas import JobStatus
from tests.shared.records import INPUT, RESULT, Records

HOUR = 3600.0


def test_a_job_whose_workers_vanish_is_set_aside_after_the_last_attempt(records: Records) -> None:
    job_id = records.create()
    for attempt in range(3):
        assert records.executing(lease=0).claim(f"attempt.{attempt}") is not None
        assert records.recovery.recover() == ([job_id] if attempt < 2 else [])
    job = records.get(job_id)
    assert job.status is JobStatus.FAILED
    assert job.failure == Failure("worker_crashed")
    assert records.recovery.expired_blobs() == [INPUT.path]


def test_a_recovered_job_keeps_its_place_in_the_queue(records: Records) -> None:
    first, second = records.create(), records.create()
    records.executing(lease=0).claim("one.1")
    records.recovery.recover()
    assert records.redis.zrange("jobs:queued:bulk", 0, -1) == [first, second]


def test_jobs_that_wait_while_the_broker_is_empty_are_found(records: Records) -> None:
    old, interactive, fresh = records.create(BULK), records.create(INTERACTIVE), records.create(BULK)
    assert records.recovery.overdue() == {}
    records.redis.zadd("jobs:queued:bulk", {old: time.time() - 60})
    records.redis.zadd("jobs:queued:interactive", {interactive: time.time() - 60})
    assert records.recovery.overdue() == {old: BULK, interactive: INTERACTIVE}
    assert fresh not in records.recovery.overdue()
    records.redis.lpush(INTERACTIVE, "a message, which will do for any of them")
    assert records.recovery.overdue() == {}


def test_one_caller_in_the_interval_sweeps(records: Records) -> None:
    assert [records.recovery.sweep_turn() for _ in range(3)] == [True, False, False]


def test_a_worker_counts_until_it_leaves_or_falls_silent(records: Records) -> None:
    assert records.load().workers == 0
    records.recovery.pulse("one")
    records.recovery.pulse("two")
    assert records.load().workers == 2
    assert records.recovery.consumes("one")
    assert not records.recovery.consumes("three")
    records.recovery.leave("one")
    records.redis.zadd("workers", {"two": time.time() - 40})
    assert records.load().workers == 0
    assert not records.recovery.consumes("one")
    assert not records.recovery.consumes("two")


@pytest.mark.parametrize("jump", [-HOUR, HOUR])
def test_a_clock_that_jumps_keeps_no_job_from_being_recovered(records: Records, jump: float) -> None:
    """Seen from the records, a jump of the clock is times that lie an hour off."""
    running = records.create()
    records.execution.claim("one.1")
    postponed = records.create()
    records.execution.claim("two.2")
    records.execution.postpone(postponed, "two.2", 5, counts=False)
    waiting = records.create()
    records.redis.zadd("jobs:running", {running: time.time() + 20 - jump})
    records.redis.zadd("jobs:postponed", {postponed: time.time() + 5 - jump})
    records.redis.zadd("jobs:queued:bulk", {waiting: time.time() - jump})
    records.redis.set("sweep:turn", 1, px=int(1000 * max(1, 5 - jump)))
    assert records.recovery.sweep_turn() is (jump < 0)
    found = set(records.recovery.recover())
    assert postponed in found
    if jump < 0:
        assert records.redis.zscore("jobs:running", running) == pytest.approx(time.time() + 20, abs=2)
    else:
        assert running in found
    assert waiting in records.recovery.overdue()


def test_workers_of_before_the_clock_was_set_back_do_not_count(records: Records) -> None:
    records.redis.zadd("workers", {"long gone": time.time() + HOUR})
    assert records.load().workers == 0
    records.recovery.pulse("here")
    assert records.redis.zrange("workers", 0, -1) == ["here"]


def test_somebody_is_asked_to_clean_once_while_bytes_are_due(records: Records) -> None:
    records.recovery.orphans_turn()
    assert not records.recovery.cleaning_turn()
    job_id = records.create()
    records.execution.claim("one.1")
    records.execution.succeed(job_id, "one.1", RESULT)
    assert records.recovery.cleaning_turn()
    assert not records.recovery.cleaning_turn()
    records.recovery.cleaning_begins()
    assert records.recovery.cleaning_turn()


def test_the_load_says_what_waits_and_runs_and_who_is_ahead(records: Records) -> None:
    records.create(INTERACTIVE)
    bulk = [records.create(BULK) for _ in range(2)]
    records.create(INTERACTIVE)
    records.execution.claim("one.1")
    snapshot = records.load()
    assert snapshot.waiting == {"interactive": 1, "bulk": 2}
    assert snapshot.running == 1
    assert snapshot.open == 4
    assert 0 <= snapshot.oldest["bulk"] < 5
    assert [records.ahead(job_id) for job_id in bulk] == [1, 2]


def test_the_rate_of_the_last_minute_says_when_to_come_back_and_how_long_it_takes(records: Records) -> None:
    assert records.load().retry_after == 30
    assert records.load().wait(100) is None
    bucket = int(time.time()) // 10 - 2
    records.redis.hset(f"rate:{bucket}", mapping={"ended": 600, "started": 4, "waited": 10})
    for number in range(1000):
        records.redis.zadd("jobs:queued:bulk", {f"job {number}": time.time() - number})
    snapshot = records.load()
    assert snapshot.per_second == 10
    assert snapshot.mean_wait == 2.5
    assert snapshot.retry_after == 10
    assert snapshot.wait(100) == 10


def test_callbacks_without_a_worker_neither_fill_the_broker_nor_stay_for_ever(records: Records) -> None:
    target = Target("https://forms.example.org/", with_image=False)
    first, second = (records.create(callback=target) for _ in range(2))
    records.erase(first)
    records.erase(second)
    assert records.recovery.due_callbacks() == []
    records.redis.zadd("callbacks:due", {first: time.time() - 60, second: time.time() - 26 * HOUR})
    assert records.recovery.due_callbacks() == [first]
    records.redis.lpush("callbacks", "a message that nobody takes")
    assert records.recovery.due_callbacks() == []
    assert records.redis.zrange("callbacks:due", 0, -1) == [first]
