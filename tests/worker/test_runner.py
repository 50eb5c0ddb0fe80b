"""A job is run once however often it is delivered, and an attempt that comes late changes nothing."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from redis import Redis

from shared.blobs import BlobStore
from shared.connections import api_redis
from shared.jobs import Execution, Intake, Job
from shared.queue import BULK
from shared.schemas import ExtractionResult, JobKind, JobStatus
from tests.compose import card, jpeg
from worker.runner import JobRunner
from worker.vision import Engine, Limits, QualityLimits


class Records:
    """One job's record and bytes, on a real server and a real directory."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.blobs = BlobStore(folder.as_uri())
        self.job_id = str(uuid.uuid4())
        inputs = {"file": self.blobs.put_now(f"documents/{self.job_id}/file", jpeg(card()))}
        self._ask(lambda intake: intake.create(self.job_id, JobKind.EXTRACT_FACE, BULK, inputs))

    def job(self) -> Job:
        job = self._ask(lambda intake: intake.get(self.job_id))
        assert job is not None
        return job

    def stored(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file()]

    def _ask(self, question: Callable[[Intake], Awaitable[Job | None]]) -> Job | None:
        async def run() -> Job | None:
            async with api_redis(self.url) as redis:
                return await question(Intake(redis, 100, 10))

        return asyncio.run(run())


@pytest.fixture
def records(valkey_url: str, tmp_path: Path) -> Records:
    with Redis.from_url(valkey_url) as redis:
        redis.flushall()
    return Records(valkey_url, tmp_path)


def runner(records: Records, engine: Engine, lease: int = 20) -> JobRunner:
    redis = Redis.from_url(records.url, decode_responses=True)
    execution = Execution(redis, lease=lease, max_attempts=3, result_ttl=100)
    return JobRunner(execution, records.blobs, engine, limits=Limits(), quality_limits=QualityLimits(), threshold=None)


def test_a_job_delivered_twice_is_run_once(records: Records, engine: Engine) -> None:
    worker = runner(records, engine)
    worker.run(records.job_id)
    worker.run(records.job_id)
    job = records.job()
    assert job.status is JobStatus.SUCCEEDED
    assert job.attempts == 1
    assert len(records.stored()) == 1


def test_a_late_attempt_neither_spoils_the_result_of_the_next_nor_leaves_its_own(
    records: Records, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis = Redis.from_url(records.url, decode_responses=True)
    hasty = Execution(redis, lease=0, max_attempts=3, result_ttl=100)
    put = records.blobs.put_now

    def put_after_another_has_finished(path: str, data: bytes) -> object:
        # The first attempt has its answer, but its lease has run out, and the job is another worker's, which ends it.
        monkeypatch.setattr(records.blobs, "put_now", put)
        assert hasty.recover() == [(records.job_id, BULK)]
        runner(records, engine).run(records.job_id)
        return put(path, data)

    monkeypatch.setattr(records.blobs, "put_now", put_after_another_has_finished)
    runner(records, engine, lease=0).run(records.job_id)
    job = records.job()
    assert job.status is JobStatus.SUCCEEDED
    assert job.attempts == 2
    assert job.result is not None
    ExtractionResult.model_validate_json(records.blobs.get_now(job.result))
    assert [path.name for path in records.stored()] == [job.result.path.rpartition("/")[2]]
