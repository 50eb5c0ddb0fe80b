"""Checks that Redis does not evict keys, since an evicted key is a lost job."""

from typing import Any

from redis import Redis

from shared.errors import SetupError

_SAFE = "noeviction"


def refuse_eviction(redis: Redis) -> None:
    """Check at startup that Redis does not evict keys; blocking.

    Raises
    ------
    SetupError
        The server may evict keys when its memory is full.
    redis.exceptions.RedisError
        The server does not respond.

    """
    # Managed servers support this command even if they forbid `CONFIG GET`.
    memory: dict[str, Any] = redis.info("memory")
    policy = str(memory.get("maxmemory_policy", _SAFE))
    if policy != _SAFE:
        raise SetupError(
            f"the Redis server in REDIS_URL may delete jobs when its memory is full (maxmemory-policy {policy}): "
            f"set its maxmemory-policy to {_SAFE}"
        )
