"""History of the last hour: counts of events from the scripts, and samples of the load."""

import asyncio
import time
from typing import Any

import pytest

from shared.jobs import Load, read_history, record_load
from shared.jobs.statistics.rates import RATES_KEPT, TIME_SLICE, rate_field
from shared.redis.connections import api_redis
from shared.stats_schemas import LoadHistory
from tests.shared.records import KEYS, Records

MINUTE = 60
LOAD = Load(
    waiting={"interactive": 2, "bulk": 5},
    oldest={"interactive": 0.0, "bulk": 1.0},
    running=3,
    postponed=0,
    cancelled=0,
    workers=4,
    webhooks=0,
    ended=0,
    mean_wait=0.0,
)


def read(url: str) -> LoadHistory:
    async def ask() -> LoadHistory:
        async with api_redis(url) as redis:
            return await read_history(redis, KEYS)

    return asyncio.run(ask())


def note(url: str) -> None:
    async def ask() -> None:
        async with api_redis(url) as redis:
            await record_load(redis, KEYS, LOAD)

    asyncio.run(ask())


def age(records: Records, seconds: int) -> None:
    """Move all counts and samples into the past."""
    counts = records.redis.hgetall(KEYS.rates)
    records.redis.delete(KEYS.rates)
    moved: dict[Any, Any] = {}
    for field, count in counts.items():
        bucket, _, name = str(field).partition(":")
        moved[rate_field(int(bucket) - seconds // TIME_SLICE, name)] = str(count)
    records.redis.hset(KEYS.rates, mapping=moved)


def test_an_hour_without_events_has_sixty_empty_minutes(records: Records, valkey_url: str) -> None:
    assert records.redis.keys() == []
    before = time.time()
    points = read(valkey_url).points
    assert len(points) == 60
    assert before - 2 * MINUTE < points[-1].at.timestamp() <= time.time() - MINUTE
    assert {point.ended for point in points} == {0}
    assert {point.waiting for point in points} == {None}
    assert {point.mean_wait_seconds for point in points} == {None}


def test_a_minute_has_counts_of_events_and_a_sample_of_the_load(records: Records, valkey_url: str) -> None:
    for number in range(3):
        job = records.create()
        records.claim(f"message.{number}")
        if number:
            records.succeed(job, f"message.{number}")
        else:
            records.fail(job, f"message.{number}")
    note(valkey_url)
    age(records, 5 * MINUTE)
    happened = [point for point in read(valkey_url).points if point.ended]
    assert sum(point.ended for point in happened) == 3
    assert sum(point.failed for point in happened) == 1
    (stood,) = [point for point in read(valkey_url).points if point.waiting]
    assert stood.waiting == LOAD.waiting
    assert (stood.running, stood.workers) == (3, 4)
    assert stood.mean_wait_seconds is not None


def test_samples_older_than_an_hour_are_not_returned(records: Records, valkey_url: str) -> None:
    note(valkey_url)
    age(records, 62 * MINUTE)
    assert {point.waiting for point in read(valkey_url).points} == {None}


def test_samples_older_than_an_hour_are_removed_once_a_minute(
    records: Records, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(valkey_url)
    age(records, RATES_KEPT + MINUTE)
    old = set(records.redis.hkeys(KEYS.rates))
    monkeypatch.setattr("shared.jobs.statistics.history._SLICES_PER_POINT", 1)  # each slice is the first of a minute
    note(valkey_url)
    left = set(records.redis.hkeys(KEYS.rates))
    assert len(left) == 4
    assert not left & old
