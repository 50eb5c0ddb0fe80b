"""The last hour by the minute: what ended in it, from the scripts, and how it stood, from whoever looked."""

import asyncio
import time

from shared.connections import api_redis
from shared.jobs import Failure, Load, note_load, read_history
from shared.jobs.scripts import RATES_KEPT
from shared.schemas import LoadHistory
from tests.shared.records import RESULT, Records

MINUTE = 60
LOAD = Load(
    waiting={"interactive": 2, "bulk": 5},
    oldest={"interactive": 0.0, "bulk": 1.0},
    running=3,
    postponed=0,
    workers=4,
    callbacks=0,
    ended=0,
    mean_wait=0.0,
)


def read(url: str) -> LoadHistory:
    async def ask() -> LoadHistory:
        async with api_redis(url) as redis:
            return await read_history(redis)

    return asyncio.run(ask())


def note(url: str) -> None:
    async def ask() -> None:
        async with api_redis(url) as redis:
            await note_load(redis, LOAD)

    asyncio.run(ask())


def age(records: Records, seconds: int) -> None:
    """Move everything that is written down so far into the past."""
    for key in records.redis.keys("rate:*"):
        records.redis.rename(key, f"rate:{int(str(key).partition(':')[2]) - seconds // 10}")


def test_an_hour_in_which_nothing_happened_is_sixty_empty_minutes(records: Records, valkey_url: str) -> None:
    assert records.redis.keys() == []
    points = read(valkey_url).points
    assert len(points) == 60
    assert 0 <= time.time() - points[-1].at.timestamp() - MINUTE < MINUTE
    assert {point.ended for point in points} == {0}
    assert {point.waiting for point in points} == {None}
    assert {point.mean_wait_seconds for point in points} == {None}


def test_a_minute_counts_what_ended_and_failed_and_shows_how_it_stood(records: Records, valkey_url: str) -> None:
    for number in range(3):
        job = records.create()
        records.execution.claim(f"message.{number}")
        if number:
            records.execution.succeed(job, f"message.{number}", RESULT)
        else:
            records.execution.fail(job, f"message.{number}", Failure("no_face"))
    note(valkey_url)
    assert 0 < min(int(records.redis.ttl(key)) for key in records.redis.keys("rate:*")) <= RATES_KEPT
    age(records, 5 * MINUTE)
    happened = [point for point in read(valkey_url).points if point.ended]
    assert sum(point.ended for point in happened) == 3
    assert sum(point.failed for point in happened) == 1
    (stood,) = [point for point in read(valkey_url).points if point.waiting]
    assert stood.waiting == LOAD.waiting
    assert (stood.running, stood.workers) == (3, 4)
    assert stood.mean_wait_seconds is not None


def test_what_is_older_than_an_hour_is_left_out(records: Records, valkey_url: str) -> None:
    note(valkey_url)
    age(records, 62 * MINUTE)
    assert {point.waiting for point in read(valkey_url).points} == {None}
