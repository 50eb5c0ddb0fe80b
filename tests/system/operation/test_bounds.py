"""Redis, the object store and the API's memory do not grow without bound."""

import asyncio
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest
from redis import Redis

from shared.blobs import BlobRef, blob_path
from shared.jobs import Execution, JobRepository, NewJob, RedisKeys
from shared.queue import BULK, celery_app, publish
from shared.redis.connections import api_redis
from tests.support.eventually import eventually
from tests.support.examples import extraction_file
from tests.support.files import files_in
from tests.support.servers import running, start, valkey
from tests.system.job_batch import DOCUMENT, RECOVERY, UNREADABLE, Jobs

MEGABYTE = 1024 * 1024
MANY = 800
TTL = 10  # seconds; the jobs of a batch are counted until then


def keys(redis: Redis) -> set[str]:
    """Return the keys without an expiry. Keys such as the rates of the last two minutes expire."""
    return {str(key) for key in redis.scan_iter(count=1000) if redis.ttl(key) == -1}


@pytest.mark.slow
def test_redis_and_the_object_store_are_empty_after_many_jobs(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with (
        running(["app.py"], tmp_path / "log", coverage=False, data_dir=data, result_ttl=TTL) as system,
        Redis(unix_socket_path=str(data / "valkey.sock"), decode_responses=True) as redis,
    ):
        first = Jobs(system.url, "first")
        first.submit()
        first.wait()
        eventually(lambda: not files_in(data / "blobs"), RECOVERY)
        before = keys(redis)
        jobs = Jobs(system.url, "many")
        jobs.submit(MANY // 2, extraction_file())
        jobs.submit(MANY // 4, UNREADABLE)
        jobs.submit(MANY // 4, extraction_file(), each=lambda _: cancel(jobs))
        jobs.wait()
        assert len(jobs.accepted) == MANY
        eventually(
            lambda: not (keys(redis) - before or files_in(data / "blobs")),
            RECOVERY,
            waiting_for="all keys and blobs to be deleted",
        )
        assert redis.zcard(RedisKeys().expiring) == 0
        assert list(redis.scan_iter(RedisKeys().job("*"), count=1000)) == []


def cancel(jobs: Jobs) -> None:
    jobs.client.delete(f"/jobs/{jobs.accepted[-1]}")


def test_a_queued_or_ended_job_takes_less_than_four_kilobytes_of_redis(tmp_path: Path) -> None:
    number = 2_000
    with valkey(tmp_path) as url, Redis.from_url(url, decode_responses=True) as redis:

        def used() -> int:
            return int(redis.info("memory")["used_memory"])

        ids = [str(uuid.uuid4()) for _ in range(number)]
        empty = used()
        asyncio.run(create(url, ids))
        celery = celery_app(url, "nsfas")
        for job_id in ids:
            publish(celery, job_id, BULK)
        waiting = (used() - empty) / number
        redis.delete(f"{{nsfas}}:celery:{BULK}")
        execution = Execution(redis, lease=60, result_ttl=3600)
        for job_id in ids:
            token = f"{job_id}.{uuid.uuid4().hex}"
            claimed = execution.claim(job_id, token)
            assert claimed is not None
            assert execution.succeed(claimed, token, BlobRef(blob_path("results", job_id, token), b"k" * 32))
        ended = (used() - empty) / number
    print(f"bytes of Redis: {waiting:.0f} per queued job, {ended:.0f} per ended job")
    assert 100 < waiting < 4096
    assert 100 < ended < 4096


async def create(url: str, ids: list[str]) -> None:
    async with api_redis(url) as redis:
        intake = JobRepository(redis, result_ttl=3600, max_open=10 * len(ids))
        for job_id in ids:
            inputs = {"file": BlobRef(blob_path("documents", job_id, "file"), b"k" * 32)}
            await intake.create(job_id, NewJob("extract-face", BULK, inputs, batch="many", request_id=job_id))


@pytest.mark.slow
def test_the_apis_memory_is_bounded_during_many_large_uploads(valkey_url: str, tmp_path: Path) -> None:
    with Redis.from_url(valkey_url) as redis:
        redis.flushall()
    api = start(["-m", "api"], tmp_path / "log", redis_url=valkey_url, data_dir=tmp_path / "data")
    large = jpeg_of(10 * MEGABYTE - 1024)
    try:
        api.wait_until_live()
        with ThreadPoolExecutor(64) as pool:
            posts = list(pool.map(lambda _: post(f"{api.url}/jobs/extract-face", large), range(64)))
        peak = peak_megabytes(api.process.pid)
    finally:
        api.interrupt()
    print(f"API: peak {peak:.0f} MB during {len(posts)} concurrent uploads of 10 MB")
    assert posts == [202] * 64
    assert peak < 300


def jpeg_of(size: int) -> bytes:
    return DOCUMENT + bytes(size - len(DOCUMENT))


def post(url: str, data: bytes) -> int:
    return httpx.post(url, files={"file": data}, timeout=120).status_code


def peak_megabytes(pid: int) -> float:
    """Return the peak memory of a process, or the current memory if the system does not record the peak."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return float(psutil.Process(pid).memory_info().rss) / MEGABYTE
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
