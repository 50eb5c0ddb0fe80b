"""The reaper with a real broker: it publishes lost messages again, and no message that still exists."""

import errno
import json
import time
import uuid
from collections.abc import Iterator
from datetime import datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path

import pytest
from celery import Celery
from redis import Redis

from shared import audit
from shared.jobs import RedisKeys
from shared.queue import BULK, HOUSEKEEPING, INTERACTIVE, celery_app, publish, publish_webhook, queue_length
from shared.settings import Settings
from worker.supervision.reaper import Reaper

KEYS = RedisKeys()
JOBS = 30


@pytest.fixture
def settings(valkey_url: str) -> Settings:
    with Redis.from_url(valkey_url) as redis:
        redis.flushall()
    return Settings(redis_url=valkey_url)


@pytest.fixture
def app(settings: Settings) -> Celery:
    assert settings.redis_url is not None
    return celery_app(settings.redis_url, settings.redis_namespace)


@pytest.fixture
def redis(settings: Settings) -> Redis:
    return Redis.from_url(str(settings.redis_url), decode_responses=True)


def run(app: Celery, redis: Redis, settings: Settings) -> None:
    redis.delete(KEYS.name("reaper"))
    Reaper(app, redis, settings).run_if_due()


def backlog(app: Celery, redis: Redis, queue: str) -> list[str]:
    """Create jobs that have waited for a minute, each with its message."""
    jobs = [str(uuid.uuid4()) for _ in range(JOBS)]
    for job_id in jobs:
        redis.hset(KEYS.job(job_id), mapping={"id": job_id, "status": "queued", "queue": queue, "attempts": 0})
        redis.zadd(KEYS.waiting(queue), {job_id: time.time() - 60})
        publish(app, job_id, queue)
    return jobs


@pytest.mark.parametrize("queue", [INTERACTIVE, BULK])
def test_jobs_whose_messages_exist_are_not_published_again(
    app: Celery, redis: Redis, settings: Settings, queue: str
) -> None:
    backlog(app, redis, queue)
    for _ in range(3):
        run(app, redis, settings)
    assert queue_length(app, queue) == JOBS
    assert redis.hget(KEYS.totals, "messages_lost") is None


def test_deleted_messages_are_published_again_once(app: Celery, redis: Redis, settings: Settings) -> None:
    backlog(app, redis, BULK)
    redis.delete(*redis.keys("{nsfas}:celery:*"))
    for _ in range(3):
        run(app, redis, settings)
    assert queue_length(app, BULK) == JOBS
    assert redis.hget(KEYS.totals, "messages_lost") == str(JOBS)


def test_one_cleanup_message_is_published_until_a_worker_receives_it(
    app: Celery, redis: Redis, settings: Settings
) -> None:
    for _ in range(3):
        redis.delete(KEYS.name("storage:requested"), KEYS.name("storage:orphans"))
        run(app, redis, settings)
    assert queue_length(app, HOUSEKEEPING) == 1


def crashed_job(redis: Redis) -> str:
    """Create a running job whose third attempt has lost its lease."""
    job_id = str(uuid.uuid4())
    record = {
        "id": job_id,
        "kind": "extract-face",
        "status": "running",
        "queue": BULK,
        "attempts": "3",
        "owner": "form",
    }
    redis.hset(KEYS.job(job_id), items=[part for field in record.items() for part in field])
    redis.zadd(KEYS.running, {job_id: time.time() - 1})
    return job_id


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """Return the audit log."""
    audit.configure(Settings(audit_log=str(tmp_path / "audit.log")))
    yield tmp_path / "audit.log"
    audit.configure(Settings(audit_log="-"))


def test_the_audit_log_contains_the_end_of_a_job_whose_worker_crashed(
    app: Celery, redis: Redis, settings: Settings, log: Path
) -> None:
    job_id = crashed_job(redis)
    for _ in range(2):
        run(app, redis, settings)
    (line,) = map(json.loads, log.read_text().splitlines())
    at = datetime.fromisoformat(line.pop("at"))
    assert abs(at.timestamp() - time.time()) < 10
    end = {"action": "end", "outcome": "worker_crashed", "job_id": job_id, "kind": "extract-face", "caller": "form"}
    assert line == end


def test_an_unwritable_audit_entry_is_written_later_and_delays_nothing(
    app: Celery, redis: Redis, settings: Settings, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = crashed_job(redis)
    backlog(app, redis, BULK)
    redis.delete(*redis.keys("{nsfas}:celery:*"))

    def fail(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(WatchedFileHandler, "reopenIfNeeded", fail)
        run(app, redis, settings)
    assert queue_length(app, BULK) == JOBS
    run(app, redis, settings)
    assert [json.loads(line)["job_id"] for line in log.read_text().splitlines()] == [job_id]


def test_an_unused_queue_is_empty(app: Celery, settings: Settings) -> None:
    assert settings.redis_url is not None
    assert queue_length(app, BULK) == 0


def test_the_webhook_task_has_another_id_than_the_job(app: Celery, redis: Redis) -> None:
    job_id = str(uuid.uuid4())
    publish_webhook(app, job_id)
    (message,) = redis.lrange("{nsfas}:celery:callbacks", 0, -1)
    assert f'"id": "{job_id}"' not in message
    assert f'"id": "{job_id}-callback"' in message
