"""The last failures by error code, as the scripts that end jobs write them."""

import pytest

from shared.jobs import Failure
from tests.shared.records import KEYS, NO_FACE, Records

CRASHED = Failure("worker_crashed")
HOUR = 3600
TOKEN = "celery@one-example-org:7.1"  # noqa: S105 - no secret


def fail(records: Records, failure: Failure = NO_FACE, token: str = TOKEN) -> str:
    job_id = records.create()
    records.claim(token, job_id)
    assert records.fail(job_id, token, failure)
    return job_id


def test_a_failed_job_is_listed_by_its_code_with_its_kind_and_worker(records: Records) -> None:
    job_id = fail(records)
    (failure,) = records.failures("celery@one.example.org")
    assert (failure.code, failure.title) == ("no_face", "No face found")
    assert (failure.last_ten_minutes, failure.last_hour) == (1, 1)
    (job,) = failure.jobs
    assert (job.id, job.kind, job.worker) == (job_id, "extract-face", "celery@one.example.org")
    assert job.at == records.get(job_id).finished_at


def test_the_code_of_the_latest_failure_is_first_and_each_keeps_the_last_five_jobs(records: Records) -> None:
    crashed = fail(records, CRASHED)
    missed = [fail(records) for _ in range(7)]
    assert [failure.code for failure in records.failures()] == ["no_face", "worker_crashed"]
    jobs = {failure.code: [job.id for job in failure.jobs] for failure in records.failures()}
    assert jobs == {"no_face": missed[:1:-1], "worker_crashed": [crashed]}
    assert records.failures()[0].last_hour == 7


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("no_face", "document"),
        ("timed_out", "service"),
        ("worker_crashed", "service"),
        ("internal_error", "service"),
        ("of_a_newer_version", "service"),
    ],
)
def test_a_code_tells_whether_the_document_or_the_service_is_the_cause(records: Records, code: str, cause: str) -> None:
    fail(records, Failure(code))
    assert [failure.cause for failure in records.failures()] == [cause]


def test_jobs_that_succeed_or_are_cancelled_leave_no_trace_among_the_failures(records: Records) -> None:
    done, cancelled = records.create(), records.create()
    records.claim("one.1", done)
    records.succeed(done, "one.1")
    records.erase(cancelled)
    assert records.redis.exists(KEYS.failures) == 0
    assert records.failures() == []


def test_jobs_that_the_reaper_or_the_main_process_ends_are_listed_too(records: Records) -> None:
    killed = records.create()
    records.claim("celery@one:7.1", killed)
    records.execution.release(killed, "celery@one:7", Failure("timed_out"))
    crashed = records.create()
    records.claim("celery@one:8.2", crashed)
    records.execution.release(crashed, "celery@one:8")
    records.recovering(max_attempts=1).recover()
    jobs = {failure.code: [(job.id, job.worker) for job in failure.jobs] for failure in records.failures()}
    assert jobs == {"timed_out": [(killed, "celery@one")], "worker_crashed": [(crashed, "celery@one")]}


def test_an_erased_job_is_no_longer_listed(records: Records) -> None:
    kept, erased = fail(records), fail(records)
    crashed = fail(records, CRASHED)
    for job_id in (erased, crashed):
        assert records.erase(job_id)
    assert [(failure.code, [job.id for job in failure.jobs]) for failure in records.failures()] == [("no_face", [kept])]
    assert all(job_id not in str(records.redis.hgetall(KEYS.failures)) for job_id in (erased, crashed))


@pytest.mark.parametrize(("ahead", "recent", "hour"), [(0, 1, 1), (11 * 60, 0, 1), (61 * 60, 0, 0)])
def test_counts_are_of_the_last_ten_minutes_and_the_last_hour(
    records: Records, ahead: float, recent: int, hour: int
) -> None:
    fail(records)
    (failure,) = records.failures(ahead=ahead)
    assert (failure.last_ten_minutes, failure.last_hour) == (recent, hour)


def test_a_failure_is_listed_for_a_day(records: Records) -> None:
    fail(records)
    assert len(records.failures(ahead=23.9 * HOUR)) == 1
    assert records.failures(ahead=24.1 * HOUR) == []
    assert 0 < records.redis.ttl(KEYS.failures) <= 24 * HOUR


def test_a_code_of_a_newer_version_is_its_own_title(records: Records) -> None:
    fail(records, Failure("from_the_future"))
    assert [failure.title for failure in records.failures()] == ["from_the_future"]
