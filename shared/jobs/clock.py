"""The one clock of the system: the Redis server's."""

from redis import Redis

_CHUNK = 1000
"""Ids that are read of an index in one go, at either end."""


def server_time(redis: Redis) -> float:
    """Return the server's time, in seconds since 1970; blocking."""
    seconds, microseconds = redis.time()
    return float(seconds) + float(microseconds) / 1e6


def due(redis: Redis, index: str, until: float, *, ahead: float) -> list[str]:
    """Return ids of an index of times whose time has come; blocking.

    Parameters
    ----------
    redis
        A client that decodes responses.
    index
        A sorted set of ids by time, in seconds since 1970.
    until
        The latest time that has come.
    ahead
        The latest time that can be: later ones were written before the server's clock was set back, and have come.

    """
    ranges = (("-inf", until), (f"({ahead}", "+inf"))
    found = (redis.zrangebyscore(index, first, last, start=0, num=_CHUNK) for first, last in ranges)
    return [str(member) for members in found for member in members]
