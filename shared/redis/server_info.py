"""State of the Redis server: version, memory, persistence, replication, and the time of one ``PING``."""

import time
from datetime import UTC, datetime
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.sentinel import SentinelConnectionPool
from redis.exceptions import ResponseError

from shared.stats_schemas import RedisServer


async def read_server(redis: Redis) -> RedisServer | None:
    """Read the state of the server with one ``INFO`` and one ``PING``.

    Returns None if the server does not allow ``INFO``, or leaves out fields, as some managed servers do.

    Parameters
    ----------
    redis
        A client that decodes responses.

    Raises
    ------
    redis.exceptions.RedisError
        The server does not respond.

    """
    started = time.perf_counter()
    await redis.ping()
    seconds = time.perf_counter() - started
    try:
        # Without sections, since Redis 6 accepts one only.
        return _parse(await redis.info(), _sentinel_primary(redis), seconds)
    except (ResponseError, KeyError):
        return None


def _parse(info: dict[str, Any], sentinel_primary: str | None, seconds: float) -> RedisServer:
    now = info.get("server_time_usec", 1e6 * time.time()) // 1e6  # in whole seconds, like the time of running
    has_file = bool(info.get("aof_enabled"))
    return RedisServer(
        product="Valkey" if "valkey_version" in info else "Redis",
        version=str(info.get("valkey_version") or info["redis_version"]),
        started_at=_time(now - info["uptime_in_seconds"]),
        role="primary" if info["role"] == "master" else "replica",
        sentinel_primary=sentinel_primary,
        replicas=info["connected_slaves"],
        clients=info["connected_clients"],
        used_memory_bytes=info["used_memory"],
        max_memory_bytes=info["maxmemory"] or None,
        eviction_policy=info["maxmemory_policy"],
        append_only_file=has_file,
        append_ok=info["aof_last_write_status"] == "ok" if has_file else None,
        snapshot_at=_time(info["rdb_last_save_time"]),
        snapshot_ok=info["rdb_last_bgsave_status"] == "ok",
        ping_milliseconds=round(1000 * seconds, 2),
    )


def _sentinel_primary(redis: Redis) -> str | None:
    """Return host and port that the Sentinels named when the client last connected."""
    pool = redis.connection_pool
    if not isinstance(pool, SentinelConnectionPool) or pool.master_address is None:
        return None
    host, port = pool.master_address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
