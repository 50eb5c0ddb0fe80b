"""Audit outbox: the script that ends a job adds exactly one entry, for every way in which a job can end."""

import time
from collections.abc import Callable

import pytest

from shared.jobs import AuditOutbox, Failure, NewJob
from shared.queue import BULK
from tests.shared.records import INPUT, KEYS, LEASE, TTL, Records


def outcomes(records: Records) -> list[tuple[str, str]]:
    return [(end.job_id, end.outcome) for end in AuditOutbox(records.redis).pending()]


def crash(records: Records, job_id: str) -> None:
    """Let three workers in turn claim the job and crash."""
    for attempt in range(3):
        assert records.claim(f"worker.{attempt}", job_id)
        records.redis.zadd(KEYS.running, {job_id: time.time() - 1})
        records.recovery.recover()


def terminate(records: Records, job_id: str) -> None:
    assert records.claim("worker.1", job_id)
    assert records.execution.cancel(job_id, running=True, received=True)


def time_out(records: Records, job_id: str) -> None:
    assert records.claim("worker.1", job_id)
    assert records.execution.release(job_id, "worker", Failure("timed_out"))


def succeed(records: Records, job_id: str) -> None:
    assert records.claim("worker.1", job_id)
    assert records.succeed(job_id, "worker.1")
    assert not records.fail(job_id, "worker.2")


def fail(records: Records, job_id: str) -> None:
    assert records.claim("worker.1", job_id)
    assert records.fail(job_id, "worker.1")
    assert records.fail(job_id, "worker.1")  # sent twice, because the response was lost


def erase(records: Records, job_id: str) -> None:
    for _ in range(2):  # the first call cancels, the second one erases
        assert records.erase(job_id)


def erase_running(records: Records, job_id: str) -> None:
    assert records.claim("worker.1", job_id)
    assert records.erase(job_id)
    assert not records.succeed(job_id, "worker.1")


def lose(records: Records, job_id: str) -> None:
    records.redis.delete(KEYS.job(job_id))


WAYS: dict[str, tuple[Callable[[Records, str], object], str]] = {
    "succeeded": (succeed, "succeeded"),
    "failed": (fail, "no_face"),
    "crashed": (crash, "worker_crashed"),
    "timed out": (time_out, "timed_out"),
    "revoked": (lambda records, job_id: records.execution.cancel(job_id), "cancelled"),
    "terminated": (terminate, "cancelled"),
    "erased": (erase, "cancelled"),
    "erased while it ran": (erase_running, "cancelled"),
    "cancelled with its batch": (lambda records, _: records.cancel_batch("form/intake"), "cancelled"),
}


@pytest.mark.parametrize("way", WAYS)
def test_each_job_end_is_in_the_outbox_once(records: Records, way: str) -> None:
    end_it, outcome = WAYS[way]
    job_id = records.create(batch="form/intake")
    end_it(records, job_id)
    assert outcomes(records) == [(job_id, outcome)]


@pytest.mark.parametrize("finder", ["claim", "recover", "republish", "erase"])
def test_a_job_whose_record_is_lost_gets_an_entry(records: Records, finder: str) -> None:
    job_id = records.create()
    if finder == "recover":
        assert records.claim("worker.1", job_id)
        records.redis.zadd(KEYS.running, {job_id: time.time() - 1})
    lose(records, job_id)
    match finder:
        case "claim":
            records.claim("worker.1", job_id)
        case "recover":
            records.recovery.recover()
        case "republish":
            records.redis.zadd(KEYS.waiting(BULK), {job_id: time.time() - 60})
            records.recovery.republish_lost({"interactive": 0, "bulk": 0})
        case "erase":
            records.erase(job_id)
    assert outcomes(records) == [(job_id, "record_lost")]


def test_an_unfinished_job_has_no_entry(records: Records) -> None:
    for outcome in ("postponed", "released", "recovered"):
        job_id = records.create()
        assert records.claim("worker.1", job_id)
        match outcome:
            case "postponed":
                records.postpone(job_id, "worker.1", 60)
            case "released":
                records.execution.release(job_id, "worker")
            case "recovered":
                records.redis.zadd(KEYS.running, {job_id: time.time() - LEASE})
                records.recovery.recover()
    assert outcomes(records) == []


def test_an_entry_has_the_owner_and_the_expiry_of_the_result(records: Records) -> None:
    request = NewJob("compare-faces", BULK, {"selfie": INPUT}, batch="form/intake", request_id="asked", owner="form")
    records._jobs(lambda jobs: jobs.create("one", request))
    assert records.claim("worker.1", "one")
    assert records.succeed("one", "worker.1")
    (end,) = AuditOutbox(records.redis).pending()
    assert (end.caller, end.kind, end.request_id, end.batch) == ("form", "compare-faces", "asked", "intake")
    assert abs(end.at.timestamp() - time.time()) < 5
    assert end.readable_until is not None
    assert (end.readable_until - end.at).total_seconds() == pytest.approx(TTL)


def test_invalid_entries_are_removed_and_valid_ones_are_returned(records: Records) -> None:
    for forged in ('{"job_id":"x"}', "[]", "nonsense"):
        records.redis.zadd(KEYS.audit, {forged: 0})
    job_id = records.create()
    succeed(records, job_id)
    assert outcomes(records) == [(job_id, "succeeded")]
    assert records.redis.zcard(KEYS.audit) == 1


def test_written_entries_are_removed_and_later_ones_are_kept(records: Records) -> None:
    ends = AuditOutbox(records.redis)
    first = records.create()
    succeed(records, first)
    read = ends.pending()
    second = records.create()
    fail(records, second)
    for _ in range(2):  # two reapers
        ends.remove(read)
    assert outcomes(records) == [(second, "no_face")]
