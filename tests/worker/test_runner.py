"""A job runs once even if its message is delivered twice, and a late attempt changes nothing."""

import asyncio
import os
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from redis import Redis

from shared.blobs import BlobStore, blob_path
from shared.job_kinds.extract_face import ExtractionResult
from shared.jobs import Cleanup, Execution, Failure, Job, JobRepository, NewJob, Recovery, RedisKeys
from shared.jobs.recovery import LONGEST_PAUSE
from shared.queue import BULK, INTERACTIVE
from shared.redis.connections import api_redis
from shared.schemas import JobStatus
from tests.support.compose import card, jpeg
from tests.support.files import files_in
from worker.handlers.handler import HandlerContext
from worker.housekeeping.cleanup import clean_storage
from worker.runner import Attempt, JobRunner
from worker.vision import Engine, Limits, QualityLimits

Answer = TypeVar("Answer")


class Records:
    """The record and the documents of one job, on a real server and in a real directory."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.redis = Redis.from_url(url, decode_responses=True)
        self.blobs = BlobStore(folder.as_uri())
        self.job_id = str(uuid.uuid4())
        self.inputs = {"file": self.blobs.put_now(blob_path("documents", self.job_id, "file"), jpeg(card()))}
        request = NewJob("extract-face", BULK, self.inputs)
        self._ask(lambda intake: intake.create(self.job_id, request))

    def job(self) -> Job:
        job = self._ask(lambda intake: intake.get(self.job_id))
        assert job is not None
        return job

    def stored(self) -> set[Path]:
        return files_in(self.folder)

    def recovery(self) -> Recovery:
        return Recovery(self.redis, lease=20, max_attempts=3, result_ttl=100)

    def _ask(self, question: Callable[[JobRepository], Awaitable[Answer]]) -> Answer:
        async def run() -> Answer:
            async with api_redis(self.url) as redis:
                return await question(JobRepository(redis, result_ttl=100, max_open=10))

        return asyncio.run(run())


@pytest.fixture
def records(valkey_url: str, tmp_path: Path) -> Records:
    with Redis.from_url(valkey_url) as redis:
        redis.flushall()
    return Records(valkey_url, tmp_path)


def runner(records: Records, engine: Engine, lease: int = 20, replicas: int = 0) -> JobRunner:
    return JobRunner(
        Execution(records.redis, lease=lease, result_ttl=100, replicas=replicas),
        Cleanup(records.redis),
        records.blobs,
        HandlerContext(engine, Limits(), QualityLimits()),
        memory=2**30,
    )


def test_a_job_whose_message_is_delivered_twice_runs_once(records: Records, engine: Engine) -> None:
    worker = runner(records, engine)
    attempt = worker.run(records.job_id, "one")
    assert attempt.outcome == "succeeded"
    assert attempt.ended is not None
    assert attempt.ended.id == records.job_id
    assert worker.run(records.job_id, "one") == Attempt("not queued")
    job = records.job()
    assert job.status is JobStatus.SUCCEEDED
    assert job.attempts == 1
    assert len(records.stored()) == 1


def test_the_documents_of_an_ended_job_are_kept_for_ten_minutes_if_no_replica_has_its_end(
    records: Records, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.jobs.replicas._TIMEOUT", 1)  # the server has no replica
    path = records.inputs["file"].path
    assert runner(records, engine, replicas=1).run(records.job_id, "one").outcome == "succeeded"
    assert records.job().status is JobStatus.SUCCEEDED
    cleanup = Cleanup(records.redis, replicas=1)
    clean_storage(cleanup, records.blobs)
    assert records.folder / path in records.stored()
    records.redis.zincrby(RedisKeys().expiring, -500, path)
    clean_storage(cleanup, records.blobs)
    assert records.folder / path in records.stored()
    records.redis.zincrby(RedisKeys().expiring, -100, path)
    clean_storage(cleanup, records.blobs)
    assert records.folder / path not in records.stored()


def test_a_late_attempt_does_not_change_the_result_and_leaves_no_blob(
    records: Records, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = records.blobs.put_now

    def put_after_another_has_finished(path: str, data: bytes) -> object:
        # The first attempt has a result, but its lease has expired. Another worker runs and finishes the job.
        monkeypatch.setattr(records.blobs, "put_now", put)
        assert records.recovery().recover() == {records.job_id: INTERACTIVE}
        runner(records, engine).run(records.job_id, "second")
        return put(path, data)

    monkeypatch.setattr(records.blobs, "put_now", put_after_another_has_finished)
    assert runner(records, engine, lease=0).run(records.job_id, "first").ended is None
    job = records.job()
    assert job.status is JobStatus.SUCCEEDED
    assert job.attempts == 2
    assert job.result is not None
    ExtractionResult.model_validate_json(records.blobs.get_now(job.result))
    assert [path.name for path in records.stored()] == [job.result.path.rpartition("/")[2]]


def test_a_failing_object_store_does_not_fail_the_job(records: Records, engine: Engine) -> None:
    (records.folder / "results").write_text("not a directory")
    worker = runner(records, engine)
    assert worker.run(records.job_id, "one") == Attempt("postponed")
    job = records.job()
    assert job.status is JobStatus.QUEUED
    assert job.attempts == 0
    assert job.inputs == records.inputs
    (records.folder / "results").unlink()
    records.redis.zadd(RedisKeys().postponed, {records.job_id: 0})
    assert records.recovery().recover() == {records.job_id: BULK}
    assert worker.run(records.job_id, "next").ended is not None
    assert records.job().status is JobStatus.SUCCEEDED


def test_an_object_store_that_exceeds_the_job_time_limit_does_not_fail_the_job(
    records: Records, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(*_: object) -> None:
        raise SoftTimeLimitExceeded

    with monkeypatch.context() as slow:
        slow.setattr(records.blobs, "get_now", late)
        assert runner(records, engine).run(records.job_id, "one") == Attempt("postponed")
    assert (records.job().status, records.job().attempts) == (JobStatus.QUEUED, 0)
    records.redis.zadd(RedisKeys().postponed, {records.job_id: 0})
    assert records.recovery().recover() == {records.job_id: BULK}
    monkeypatch.setattr(records.blobs, "put_now", late)
    assert runner(records, engine).run(records.job_id, "two").outcome == "timed_out"
    assert records.job().failure == Failure("timed_out")


@pytest.mark.parametrize(("hours", "failure"), [(23, None), (25, Failure("internal_error"))])
def test_a_failing_object_store_fails_only_a_job_that_is_older_than_24_hours(
    records: Records, engine: Engine, hours: int, failure: Failure | None
) -> None:
    (records.folder / "results").write_text("not a directory")
    records.redis.hincrbyfloat(RedisKeys().job(records.job_id), "created_at", -hours * 3600)
    attempt = runner(records, engine).run(records.job_id, "one")
    assert attempt.postponed == (failure is None)
    assert attempt.postponed or attempt.outcome == "object store failed"
    assert records.job().failure == failure


def test_documents_that_were_tampered_with_fail_the_job(records: Records, engine: Engine) -> None:
    (path,) = records.stored()
    sealed = bytearray(path.read_bytes())
    sealed[100] ^= 1
    path.write_bytes(sealed)
    assert runner(records, engine).run(records.job_id, "one").ended is not None
    assert records.job().failure == Failure("internal_error")


def test_an_os_error_of_a_decoder_fails_the_job(
    records: Records, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("of a decoder")

    monkeypatch.setattr("worker.handlers.extract_face.extract_face", fail)
    assert runner(records, engine).run(records.job_id, "one").ended is not None
    assert records.job().failure == Failure("internal_error")


def test_missing_documents_are_looked_for_for_ten_minutes(records: Records, engine: Engine) -> None:
    records.blobs.delete_now([records.inputs["file"].path])
    worker = runner(records, engine)
    waited = 0.0
    for attempt in range(1, 8):
        assert worker.run(records.job_id, f"message{attempt}").ended is None
        assert records.job().attempts == attempt
        due = records.redis.zscore(RedisKeys().postponed, records.job_id)
        assert due is not None
        assert due - time.time() < LONGEST_PAUSE
        waited += due - time.time()
        records.redis.zadd(RedisKeys().postponed, {records.job_id: 0})
        assert records.recovery().recover() == {records.job_id: BULK}
    assert waited > 600
    last = worker.run(records.job_id, "message8")
    assert last.ended is not None
    assert last.outcome == "documents missing"
    job = records.job()
    assert job.status is JobStatus.FAILED
    assert job.failure == Failure("internal_error")


def test_cleanup_deletes_expired_and_orphaned_blobs(records: Records) -> None:
    cleaning = Cleanup(records.redis)
    orphan, fresh = (records.blobs.put_now(blob_path("documents", name, "file"), b"orphan") for name in "ab")
    old = time.time() - 3600
    for path in records.stored():
        if path.name != "b.file":
            os.utime(path, (old, old))
    due = records.blobs.put_now(blob_path("results", "c", "x"), b"due")
    records.redis.zadd(RedisKeys().expiring, {due.path: 0})
    clean_storage(cleaning, records.blobs)
    left = {str(path.relative_to(records.folder)) for path in records.stored()}
    assert left == {records.inputs["file"].path, fresh.path}
    assert orphan.path not in left
    assert cleaning.expired_blobs() == []


def test_the_search_for_orphans_continues_where_it_stopped(records: Records) -> None:
    cleaning = Cleanup(records.redis)
    # Listed after the document of the job, which is kept.
    orphans = [records.blobs.put_now(blob_path("documents", f"z{number:04}", "file"), b"x") for number in range(1100)]
    old = time.time() - 3600
    for path in records.stored():
        os.utime(path, (old, old))
    left = []
    for _ in range(4):
        clean_storage(cleaning, records.blobs, search_time=0)  # long enough for one page of the listing
        left.append(len(records.stored()) - 1)
    assert left == [601, 101, 0, 0]
    assert orphans[0].path not in {str(path) for path in records.stored()}
    assert not cleaning.is_due()
