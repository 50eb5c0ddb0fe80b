"""Redis must not evict: a key that is gone is a job that is lost."""

from typing import Any

from redis import Redis

from shared.errors import SetupError

_SAFE = "noeviction"


def refuse_eviction(redis: Redis) -> None:
    """Check that Redis keeps every key, before anything is served; blocking.

    Raises
    ------
    SetupError
        The server may remove keys when its memory is full.
    redis.exceptions.RedisError
        It does not answer.

    """
    # Managed servers answer this where `CONFIG GET` is not allowed.
    memory: dict[str, Any] = redis.info("memory")
    policy = str(memory.get("maxmemory_policy", _SAFE))
    if policy != _SAFE:
        raise SetupError(
            f"REDIS_URL names a server that may remove jobs when its memory is full (maxmemory-policy {policy}): "
            f"set its maxmemory-policy to {_SAFE}"
        )
