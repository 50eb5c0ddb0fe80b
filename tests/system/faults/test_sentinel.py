"""Redis Sentinel: the system continues with the promoted replica when the primary is lost."""

import time
from pathlib import Path
from typing import Any

import pytest

from shared.redis.connections import worker_redis
from shared.redis.sentinel import SentinelUrl
from tests.support.eventually import eventually
from tests.support.servers import start
from tests.support.services.sentinels import sentinels
from tests.system.job_batch import RECOVERY, Jobs

JOBS = 60


def test_a_url_contains_sentinels_a_service_and_a_login() -> None:
    url = SentinelUrl.parse("redis+sentinel://user:p%40ss@one:1,two/group/3")
    assert url == SentinelUrl((("one", 1), ("two", 26379)), "group", 3, "user", "p@ss")
    assert url.broker == "sentinel://user:p%40ss@one:1/3;sentinel://user:p%40ss@two:26379/3"  # pragma: allowlist secret
    assert SentinelUrl.parse("redis://one:6379/0") is None
    with pytest.raises(ValueError, match="no service"):
        SentinelUrl.parse("redis+sentinel://one:26379")


@pytest.mark.slow
def test_an_open_connection_reconnects_to_the_new_primary(tmp_path: Path) -> None:
    with sentinels(tmp_path / "redis") as group, worker_redis(group.url) as redis:
        connection: Any = redis.connection_pool.get_connection()
        before = group.address()
        group.primary.kill()
        eventually(lambda: group.address() != before, RECOVERY, waiting_for="a replica to be promoted")

        def ping() -> str:
            connection.send_command("PING")
            return str(connection.read_response())

        # redis-py retries a command like this.
        assert connection.retry.call_with_retry(ping, lambda _: connection.disconnect()) == "PONG"


@pytest.mark.slow
def test_accepted_jobs_end_once_even_if_the_primary_is_killed(tmp_path: Path) -> None:
    with sentinels(tmp_path / "redis") as group:
        shared = {"redis_url": group.url, "redis_replicas": 1, "data_dir": tmp_path / "data"}
        worker = start(["-m", "worker"], tmp_path / "worker.log", **shared, worker_processes=1)
        api = start(["-m", "api"], tmp_path / "api.log", **shared)
        try:
            api.wait_until_ready()
            before = group.address()
            jobs = Jobs(api.url)
            jobs.submit(JOBS)
            group.primary.kill()
            started = time.monotonic()
            eventually(lambda: group.address() != before, RECOVERY, waiting_for="a replica to be promoted")
            promoted = time.monotonic() - started
            print(f"replica promoted after {promoted:.1f} s, all ended {jobs.wait():.1f} s later")
            assert jobs.ends() == {"succeeded": JOBS}
            jobs.submit()
            jobs.wait()
        finally:
            worker.interrupt()
            api.interrupt()
