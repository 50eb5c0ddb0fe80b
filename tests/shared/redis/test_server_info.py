"""The state of the Redis server."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis import Redis, asyncio as async_redis
from redis.asyncio.sentinel import SentinelConnectionPool

from shared.redis.connections import api_redis
from shared.redis.server_info import read_server
from shared.stats_schemas import RedisServer
from tests.support.eventually import eventually
from tests.support.servers import valkey
from tests.support.services.sentinels import PASSWORD, sentinels


def read(url: str) -> RedisServer | None:
    async def ask() -> RedisServer | None:
        async with api_redis(url) as redis, AsyncExitStack() as stack:
            if isinstance(redis.connection_pool, SentinelConnectionPool):  # it does not close those to Sentinels
                for sentinel in redis.connection_pool.sentinel_manager.sentinels:
                    await stack.enter_async_context(sentinel)
            return await read_server(redis)

    return asyncio.run(ask())


def test_the_state_has_version_memory_persistence_and_the_time_of_a_ping(tmp_path: Path) -> None:
    with valkey(tmp_path) as url:
        with Redis.from_url(url) as redis:
            redis.config_set("maxmemory", "100mb")
            redis.config_set("appendonly", "yes")
            redis.config_set("save", "")
            # Until the file is written, the server cannot stop.
            eventually(lambda: redis.info("persistence")["aof_rewrite_in_progress"] == 0)
        server = read(url)
    assert server is not None
    assert server.product == "Valkey"
    assert int(server.version.partition(".")[0]) >= 8
    assert (server.role, server.sentinel_primary, server.replicas) == ("primary", None, 0)
    assert (server.max_memory_bytes, server.eviction_policy) == (100 * 2**20, "noeviction")
    assert 0 < server.used_memory_bytes < 100 * 2**20
    assert (server.append_only_file, server.append_ok, server.snapshot_ok) == (True, True, True)
    assert server.clients >= 1
    assert 0 < server.ping_milliseconds < 5000
    assert abs((datetime.now(UTC) - server.started_at).total_seconds()) < 60


def test_a_server_without_a_memory_limit_or_a_file_has_none(tmp_path: Path) -> None:
    with valkey(tmp_path) as url:
        with Redis.from_url(url) as redis:
            redis.config_set("maxmemory", "0")
            redis.config_set("appendonly", "no")
        server = read(url)
    assert server is not None
    assert (server.max_memory_bytes, server.append_only_file, server.append_ok) == (None, False, None)


def test_a_server_that_forbids_info_has_no_state(tmp_path: Path) -> None:
    with valkey(tmp_path) as url:
        with Redis.from_url(url) as redis:
            redis.acl_setuser("limited", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-info"])
        assert read(url.replace("//", "//limited:any@")) is None


def test_a_server_that_leaves_out_fields_of_info_has_no_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def incomplete(*_: object) -> dict[str, str]:
        return {"redis_version": "7.0.0"}

    monkeypatch.setattr(async_redis.Redis, "info", incomplete)
    with valkey(tmp_path) as url:
        assert read(url) is None


@pytest.mark.long
def test_the_address_of_the_primary_is_that_of_the_sentinels_without_the_password(tmp_path: Path) -> None:
    with sentinels(tmp_path / "group") as group:
        server = read(group.url)
        host, port = group.address()
    assert server is not None
    assert (server.sentinel_primary, server.role, server.replicas) == (f"{host}:{port}", "primary", 1)
    assert PASSWORD not in server.model_dump_json()
