"""The one clock of the system: the Redis server's."""

from redis import Redis


def server_time(redis: Redis) -> float:
    """Return the server's time, in seconds since 1970; blocking."""
    seconds, microseconds = redis.time()
    return float(seconds) + float(microseconds) / 1e6
