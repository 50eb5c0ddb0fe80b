"""Redis must not evict: a key that is gone is a job that is lost."""

from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from shared.errors import SetupError
from shared.logs import get_logger, reason

log = get_logger(__name__)

_SAFE = "noeviction"


def refuse_eviction(redis: Redis) -> None:
    """Check that Redis keeps every key, before anything is served; blocking. If it does not answer, it is not checked.

    Raises
    ------
    SetupError
        The server may remove keys when its memory is full.

    """
    try:
        # Managed servers answer this where `CONFIG GET` is not allowed.
        memory: dict[str, Any] = redis.info("memory")
    except RedisError as error:
        log.warning("maxmemory-policy of Redis not checked", error=reason(error))
        return
    policy = str(memory.get("maxmemory_policy", _SAFE))
    if policy != _SAFE:
        raise SetupError(
            f"REDIS_URL names a server that may remove jobs when its memory is full (maxmemory-policy {policy}): "
            f"set its maxmemory-policy to {_SAFE}"
        )
