"""The last failures, by error code.

A script that ends a job with a failure writes them (``common.lua``): per code, the last five jobs as
``[time, id, kind, holder]``, and a count per minute in the time slices of the rates. A job that succeeds writes nothing
here.
"""

import json
from collections.abc import Iterable
from http import HTTPStatus
from typing import Literal

from redis.asyncio import Redis

from shared.errors import PROBLEMS
from shared.jobs.holders import label_of_holder, node_label
from shared.jobs.record import parse_time
from shared.jobs.redis_keys import RedisKeys
from shared.jobs.statistics.rates import TIME_SLICE, rate_field
from shared.stats_schemas import FailedJob, FailureCode

_KEPT = 24 * 3600  # seconds
_MINUTE = 60  # seconds
_MINUTES = 60
_RECENT_MINUTES = 10

_STOPPED = {"timed_out", "worker_crashed"}
"""Codes of documents that stopped their process. Their cause can also be a fault or too little memory."""


async def read_failures(redis: Redis, keys: RedisKeys, now: float, workers: Iterable[str]) -> list[FailureCode]:
    """Read the failures of the last 24 hours in two round trips; the code of the latest failure is first.

    Parameters
    ----------
    redis
        A client that decodes responses.
    keys
        The keys of the system.
    now
        Time of Redis's clock, in seconds since 1970.
    workers
        Node names of known workers. A holder has its node's name without dots.

    Raises
    ------
    redis.exceptions.RedisError

    """
    names = {node_label(name): name for name in workers}
    stored = await redis.hgetall(keys.failures)
    jobs = {str(code): _jobs(str(text), now, names) for code, text in stored.items()}
    codes = sorted((code for code in jobs if jobs[code]), key=lambda code: jobs[code][0].at, reverse=True)
    counts = await _counts(redis, keys, now, codes)
    return [
        FailureCode(
            code=code,
            title=PROBLEMS[code].title if code in PROBLEMS else code,  # a newer version may have written it
            cause=_cause(code),
            last_ten_minutes=sum(counts[code][:_RECENT_MINUTES]),
            last_hour=sum(counts[code]),
            jobs=jobs[code],
        )
        for code in codes
    ]


def _cause(code: str) -> Literal["document", "service"]:
    problem = PROBLEMS.get(code)
    failed_inside = problem is None or problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return "service" if failed_inside or code in _STOPPED else "document"


async def _counts(redis: Redis, keys: RedisKeys, now: float, codes: list[str]) -> dict[str, list[int]]:
    """Return the failures per minute of the last hour, by code; the current minute is first."""
    if not codes:
        return {}
    current = int(now // _MINUTE)
    slices = [(current - minute) * (_MINUTE // TIME_SLICE) for minute in range(_MINUTES)]
    fields = [rate_field(number, f"failed:{code}") for code in codes for number in slices]
    values = [int(value or 0) for value in await redis.hmget(keys.rates, fields)]
    return {code: values[index * _MINUTES : (index + 1) * _MINUTES] for index, code in enumerate(codes)}


def _jobs(text: str, now: float, names: dict[str, str]) -> list[FailedJob]:
    entries: list[tuple[str, str, str, str]] = json.loads(text)
    return [
        FailedJob(id=job_id, kind=kind, at=parse_time(at), worker=_worker(holder, names))
        for at, job_id, kind, holder in entries
        if float(at) > now - _KEPT
    ]


def _worker(holder: str, names: dict[str, str]) -> str | None:
    label = label_of_holder(holder)
    return names.get(label, label) or None
