"""The reaper with a real broker: it publishes messages that were lost, and none that is there."""

import time
import uuid

import pytest
from celery import Celery
from redis import Redis

from shared.jobs import Keys
from shared.queue import BULK, HOUSEKEEPING, INTERACTIVE, celery_app, publish, publish_callback, queue_length
from shared.settings import Settings
from worker.supervision.reaper import Reaper

KEYS = Keys()
JOBS = 30


@pytest.fixture
def settings(valkey_url: str) -> Settings:
    with Redis.from_url(valkey_url) as redis:
        redis.flushall()
    return Settings(_env_file=None, redis_url=valkey_url)


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
    """Make jobs that have waited for a minute, each with its message."""
    jobs = [str(uuid.uuid4()) for _ in range(JOBS)]
    for job_id in jobs:
        redis.hset(KEYS.job(job_id), mapping={"id": job_id, "status": "queued", "queue": queue, "attempts": 0})
        redis.zadd(KEYS.waiting(queue), {job_id: time.time() - 60})
        publish(app, job_id, queue)
    return jobs


@pytest.mark.parametrize("queue", [INTERACTIVE, BULK])
def test_a_backlog_whose_messages_are_there_is_left_alone(
    app: Celery, redis: Redis, settings: Settings, queue: str
) -> None:
    backlog(app, redis, queue)
    for _ in range(3):
        run(app, redis, settings)
    assert queue_length(app, queue) == JOBS
    assert redis.hget(KEYS.totals, "messages_lost") is None


def test_messages_that_were_deleted_are_published_again_once(app: Celery, redis: Redis, settings: Settings) -> None:
    backlog(app, redis, BULK)
    redis.delete(*redis.keys("{nsfas}:celery:*"))
    for _ in range(3):
        run(app, redis, settings)
    assert queue_length(app, BULK) == JOBS
    assert redis.hget(KEYS.totals, "messages_lost") == str(JOBS)


def test_cleaning_is_requested_by_one_message_until_a_worker_takes_it(
    app: Celery, redis: Redis, settings: Settings
) -> None:
    for _ in range(3):
        redis.delete(KEYS.name("storage:requested"), KEYS.name("storage:orphans"))
        run(app, redis, settings)
    assert queue_length(app, HOUSEKEEPING) == 1


def test_a_queue_that_was_never_used_is_empty(app: Celery, settings: Settings) -> None:
    assert settings.redis_url is not None
    assert queue_length(app, BULK) == 0


def test_the_webhook_of_a_revoked_job_is_another_task(app: Celery, redis: Redis) -> None:
    job_id = str(uuid.uuid4())
    publish_callback(app, job_id)
    (message,) = redis.lrange("{nsfas}:celery:callbacks", 0, -1)
    assert f'"id": "{job_id}"' not in message
    assert f'"id": "{job_id}-callback"' in message
