"""Recovery of lost jobs and messages, including after a jump of the server clock."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.jobs import Failure
from shared.jobs.recovery import REAPER_INTERVAL
from shared.queue import BULK, INTERACTIVE
from shared.schemas import JobStatus
from tests.shared.records import INPUT, KEYS, Records

HOUR = 3600.0
EMPTY = {INTERACTIVE: 0, BULK: 0}


def published(records: Records, queue: str, job_id: str, seconds: float) -> None:
    """Pretend that the message of a job was published this many seconds ago."""
    records.redis.zadd(KEYS.waiting(queue), {job_id: time.time() - seconds})


def test_a_job_whose_workers_crash_fails_after_the_last_attempt(records: Records) -> None:
    job_id = records.create()
    for attempt in range(3):
        assert records.claim(f"attempt.{attempt}", lease=0) is not None
        assert records.recovery.recover() == ({job_id: INTERACTIVE} if attempt < 2 else {})
    job = records.get(job_id)
    assert job.status is JobStatus.FAILED
    assert job.failure == Failure("worker_crashed")
    assert records.cleanup.expired_blobs() == [INPUT.path]


def test_a_requeued_job_goes_before_the_backlog(records: Records) -> None:
    first, _ = records.create(BULK), records.create(BULK)
    records.claim("one.1", first, lease=0)
    assert records.recovery.recover() == {first: INTERACTIVE}
    assert records.next() == first


def test_queued_jobs_are_published_again_if_their_queue_is_empty(records: Records) -> None:
    old, interactive, fresh = records.create(BULK), records.create(INTERACTIVE), records.create(BULK)
    for queue, job_id in ((BULK, old), (INTERACTIVE, interactive), (BULK, fresh)):
        published(records, queue, job_id, 0)
    assert records.recovery.republish_lost(EMPTY) == {}
    published(records, BULK, old, 60)
    published(records, INTERACTIVE, interactive, 60)
    assert records.recovery.republish_lost({INTERACTIVE: 1, BULK: 1}) == {}
    assert records.recovery.republish_lost({INTERACTIVE: 0, BULK: 1}) == {interactive: INTERACTIVE}
    assert records.recovery.republish_lost(EMPTY) == {old: BULK}
    assert records.recovery.republish_lost(EMPTY) == {}, "each lost message is published once"
    assert not records.redis.hexists(KEYS.job(fresh), "published_again")


def test_a_job_is_published_again_if_a_much_later_job_of_its_queue_has_started(records: Records) -> None:
    lost, next_to_it, later = (records.create(BULK) for _ in range(3))
    other = records.create(INTERACTIVE)
    published(records, BULK, lost, 60)
    published(records, INTERACTIVE, other, 60)
    published(records, BULK, next_to_it, 8)
    full = {INTERACTIVE: 1, BULK: 1}
    assert records.recovery.republish_lost(full) == {}
    records.claim("one.1", later)
    assert records.recovery.republish_lost(full) == {lost: BULK}
    assert records.recovery.republish_lost(full) == {}, "the message has just been published"


@pytest.mark.parametrize("early", ["first message", "earlier message"])
def test_a_job_that_was_published_again_does_not_make_earlier_jobs_look_overtaken(records: Records, early: str) -> None:
    """Its first message may still have been in the queue, before those of the other jobs."""
    first, *backlog = (records.create(BULK) for _ in range(3))
    for job_id in (first, *backlog):
        published(records, BULK, job_id, 60)
    if early == "first message":
        assert set(records.recovery.republish_lost(EMPTY)) == {first, *backlog}
        for job_id in backlog:
            published(records, BULK, job_id, 60)
    else:
        records.claim("one.1", first, lease=0)
        assert records.recovery.recover() == {first: INTERACTIVE}
        other = records.create(INTERACTIVE)
        published(records, INTERACTIVE, other, 60)
    assert records.claim("two.2", first) is not None
    assert records.recovery.republish_lost({INTERACTIVE: 1, BULK: 1}) == {}


def test_two_reapers_at_once_publish_each_lost_job_once(records: Records) -> None:
    jobs = {f"job {number}": float(number) for number in range(500)}
    records.redis.zadd(KEYS.waiting(BULK), jobs)
    for job_id in jobs:
        records.redis.hset(KEYS.job(job_id), mapping={"id": job_id, "status": "queued"})
    with ThreadPoolExecutor() as pool:
        found = list(pool.map(lambda reaper: reaper.republish_lost(EMPTY), [records.recovering() for _ in range(2)]))
    assert sorted(job_id for jobs_found in found for job_id in jobs_found) == sorted(jobs)
    assert records.redis.hget(KEYS.totals, "messages_lost") == str(len(jobs))


def test_the_waiting_time_of_a_job_is_kept_when_it_is_published_again(records: Records) -> None:
    job_id = records.create()
    records.redis.hset(KEYS.job(job_id), "created_at", time.time() - HOUR)
    published(records, BULK, job_id, 60)
    assert records.recovery.republish_lost(EMPTY) == {job_id: BULK}
    assert records.load().oldest[BULK] == pytest.approx(HOUR, abs=60)


def test_a_lost_message_of_a_cancelled_job_no_longer_counts_as_open(records: Records) -> None:
    lost, next_to_it, later = (records.create() for _ in range(3))
    published(records, BULK, lost, 60)
    for job_id in (lost, next_to_it):
        records.erase(job_id)
    records.recovery.republish_lost({INTERACTIVE: 0, BULK: 1})
    assert records.redis.zcard(KEYS.cancelled) == 2
    records.claim("one.1", later)
    records.recovery.republish_lost({INTERACTIVE: 0, BULK: 1})
    assert records.redis.zrange(KEYS.cancelled, 0, -1) == [next_to_it]
    records.redis.zadd(KEYS.cancelled, {next_to_it: time.time() - 60})
    records.recovery.republish_lost(EMPTY)
    assert records.redis.zcard(KEYS.cancelled) == 0


def test_a_revoked_job_whose_message_was_received_does_not_count_as_open(records: Records) -> None:
    waiting, running, erased = (records.create() for _ in range(3))
    records.claim("one.1", running)
    records.erase(erased)
    assert not records.execution.cancel(running, received=True), "its duplicate message was dropped"
    assert records.execution.cancel(waiting, received=True)
    assert records.execution.cancel(running, running=True, received=True)
    assert not records.execution.cancel(erased, received=True)
    assert records.load().open == 0


def test_one_caller_per_interval_runs_the_reaper(records: Records) -> None:
    assert [records.recovery.acquire_run() for _ in range(3)] == [True, False, False]


def test_a_worker_counts_until_it_is_removed_or_misses_its_heartbeats(records: Records) -> None:
    assert records.load().workers == 0
    records.workers.heartbeat("one")
    records.workers.heartbeat("two")
    assert records.load().workers == 2
    records.workers.remove("one")
    records.redis.zadd(KEYS.workers, {"two": time.time() - 40})
    assert records.load().workers == 0


@pytest.mark.parametrize("jump", [-HOUR, HOUR])
def test_jobs_are_recovered_after_the_clock_jumps(records: Records, jump: float) -> None:
    """After a jump of the clock, the times in the records are wrong by an hour."""
    running = records.create()
    records.claim("one.1")
    postponed = records.create()
    records.claim("two.2")
    records.postpone(postponed, "two.2", 5, counts=False)
    waiting = records.create()
    before = time.time()
    records.redis.zadd(KEYS.running, {running: time.time() + 20 - jump})
    records.redis.zadd(KEYS.postponed, {postponed: time.time() + 5 - jump})
    records.redis.zadd(KEYS.waiting(BULK), {waiting: time.time() - jump})
    records.redis.set(KEYS.name("reaper"), 1, px=int(1000 * max(REAPER_INTERVAL, 5 - jump)))
    assert records.recovery.acquire_run() is (jump < 0)
    found = set(records.recovery.recover())
    assert postponed in found
    if jump < 0:
        lease = records.redis.zscore(KEYS.running, running)
        assert lease is not None
        assert before + 19 <= lease <= time.time() + 21
    else:
        assert running in found
    if jump < 0:
        assert records.recovery.republish_lost(EMPTY) == {}, "its message is still in the queue"
        since = records.redis.zscore(KEYS.waiting(BULK), waiting)
        assert since is not None
        assert before - 1 <= since <= time.time() + 1
        published(records, BULK, waiting, 60)
    assert waiting in records.recovery.republish_lost(EMPTY)


def test_heartbeats_from_before_the_clock_was_set_back_do_not_count(records: Records) -> None:
    records.redis.zadd(KEYS.workers, {"old": time.time() + HOUR})
    assert records.load().workers == 0
    records.workers.heartbeat("here")
    assert records.redis.zrange(KEYS.workers, 0, -1) == ["here"]


def test_cleanup_is_requested_once_while_blobs_are_due(records: Records) -> None:
    records.cleanup.orphan_scan_position()
    assert not records.cleanup.is_due()
    job_id = records.create()
    records.claim("one.1")
    records.succeed(job_id, "one.1")
    assert records.cleanup.is_due()
    assert not records.cleanup.is_due()
    records.cleanup.mark_started()
    assert records.cleanup.is_due()
