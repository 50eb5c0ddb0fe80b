"""The load: queued and running jobs, places in the queue, and estimates from the rate of the last minute."""

import time

from shared.queue import BULK, INTERACTIVE
from tests.shared.records import KEYS, Records


def test_the_load_has_queued_and_running_jobs_and_places_in_the_queue(records: Records) -> None:
    records.create(INTERACTIVE)
    bulk = [records.create(BULK) for _ in range(2)]
    records.create(INTERACTIVE)
    records.claim("one.1")
    snapshot = records.load()
    assert snapshot.waiting == {"interactive": 1, "bulk": 2}
    assert snapshot.running == 1
    assert snapshot.open == 4
    assert 0 <= snapshot.oldest["bulk"] < 5
    assert [records.ahead(job_id) for job_id in bulk] == [1, 2]


def test_retry_after_and_the_estimated_wait_follow_from_the_rate_of_the_last_minute(records: Records) -> None:
    assert records.load().retry_after == 30
    assert records.load().estimated_wait(100) is None
    bucket = int(time.time()) // 10 - 2
    counts = {"ended": 600, "started": 4, "waited": 10}
    records.redis.hset(KEYS.rates, mapping={f"{bucket}:{name}": count for name, count in counts.items()})
    for number in range(1000):
        records.redis.zadd(KEYS.waiting(BULK), {f"job {number}": time.time() - number})
    snapshot = records.load()
    assert snapshot.per_second == 10
    assert snapshot.mean_wait == 2.5
    assert snapshot.retry_after == 10
    assert snapshot.estimated_wait(100) == 10


def test_a_time_slice_that_is_not_complete_does_not_count(records: Records) -> None:
    while True:
        before = int(time.time()) // 10
        records.redis.hset(KEYS.rates, f"{before}:ended", 600)
        ended = records.load().ended
        if int(time.time()) // 10 == before:  # else the time slice ended in the meantime
            break
        records.redis.delete(KEYS.rates)
    assert ended == 0


def test_the_wait_is_not_estimated_from_the_rate_of_idle_workers(records: Records) -> None:
    slice_number = int(time.time()) // 10 - 2
    counts = {"ended": 1, "started": 1, "waited": 0.01}
    records.redis.hset(KEYS.rates, mapping={f"{slice_number}:{name}": count for name, count in counts.items()})
    assert records.load().estimated_wait(1) is None, (
        "one job in the last minute does not mean that a job takes a minute"
    )
