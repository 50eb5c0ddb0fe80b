"""The clock of the system is that of the Redis server, so that all processes agree on the time."""

from redis import Redis

_CHUNK = 1000
"""Ids that are read from each end of an index at once."""


def server_time(redis: Redis) -> float:
    """Return the time of the Redis server in seconds since 1970; blocking."""
    seconds, microseconds = redis.time()
    return float(seconds) + float(microseconds) / 1e6


def due_ids(redis: Redis, index: str, until: float, *, ahead: float) -> list[str]:
    """Return the ids in an index whose time has come; blocking.

    Parameters
    ----------
    redis
        A client that decodes responses.
    index
        A sorted set of ids by time, in seconds since 1970.
    until
        Ids up to this time are due.
    ahead
        Ids after this time are due as well: they were written before the server clock was set back.

    """
    ranges = (("-inf", until), (f"({ahead}", "+inf"))
    found = (redis.zrangebyscore(index, first, last, start=0, num=_CHUNK) for first, last in ranges)
    return [str(member) for members in found for member in members]
