"""``python -m worker.healthcheck``: whether the worker of this host consumes, for containers."""

from pathlib import Path
from socket import gethostname

import pytest
from celery.utils.nodenames import default_nodename
from redis import Redis

from shared.connections import heartbeat_redis
from shared.jobs import Workers
from shared.settings import Settings
from worker import healthcheck


@pytest.fixture
def settings(valkey_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    with Redis.from_url(valkey_url) as redis:
        redis.flushall()
    settings = Settings(_env_file=None, redis_url=valkey_url, data_dir=tmp_path)
    monkeypatch.setattr(healthcheck, "get_settings", lambda: settings)
    monkeypatch.setattr("sys.argv", ["healthcheck"])
    return settings


def test_it_passes_while_the_worker_says_that_it_consumes_and_fails_once_it_leaves(settings: Settings) -> None:
    assert settings.redis_url is not None
    workers = Workers(heartbeat_redis(settings.redis_url))
    workers.beat(default_nodename(""))
    healthcheck.main()
    workers.leave(default_nodename(""))
    with pytest.raises(SystemExit, match="does not consume"):
        healthcheck.main()


@pytest.mark.parametrize(("url", "words"), [(None, "REDIS_URL is not set"), ("redis://127.0.0.1:1/0", "healthcheck: ")])
def test_it_fails_without_a_redis_that_answers(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, url: str | None, words: str
) -> None:
    elsewhere = settings.model_copy(update={"redis_url": url})
    monkeypatch.setattr(healthcheck, "get_settings", lambda: elsewhere)
    with pytest.raises(SystemExit, match=words):
        healthcheck.main()


@pytest.mark.parametrize("name", ["housekeeping", "callbacks"])
def test_it_asks_for_the_worker_that_it_is_told(settings: Settings, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert settings.redis_url is not None
    monkeypatch.setattr("sys.argv", ["healthcheck", name])
    redis = heartbeat_redis(settings.redis_url)
    Workers(redis).beat(default_nodename(""))
    with pytest.raises(SystemExit, match="does not consume"):
        healthcheck.main()
    Workers(redis, background=True).beat(f"{name}@{gethostname()}")
    healthcheck.main()
