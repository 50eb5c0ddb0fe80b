"""``python -m worker.healthcheck``: whether the worker of this host consumes, for containers."""

from pathlib import Path

import pytest
from celery.utils.nodenames import default_nodename
from redis import Redis

from shared.connections import pulse_redis
from shared.jobs import Recovery
from shared.settings import Settings
from worker import healthcheck


@pytest.fixture
def settings(valkey_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    with Redis.from_url(valkey_url) as redis:
        redis.flushall()
    settings = Settings(_env_file=None, redis_url=valkey_url, data_dir=tmp_path)
    monkeypatch.setattr(healthcheck, "get_settings", lambda: settings)
    return settings


def test_it_passes_while_the_worker_says_that_it_consumes_and_fails_once_it_leaves(settings: Settings) -> None:
    assert settings.redis_url is not None
    recovery = Recovery.configured(pulse_redis(settings.redis_url), settings)
    recovery.pulse(default_nodename(""))
    healthcheck.main()
    recovery.leave(default_nodename(""))
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
