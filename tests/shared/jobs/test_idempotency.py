"""Idempotency keys: a repeated request returns the same job, a different request is refused."""

from shared.jobs import CreateOutcome, CreateResult, IdempotencyKey
from tests.shared.records import KEYS, LIMIT, Records

KEY = IdempotencyKey("a-key", "fingerprint")


def test_the_same_key_and_request_return_the_same_job(records: Records) -> None:
    first, again = records.submit(key=KEY), records.submit(key=KEY)
    assert first.outcome is CreateOutcome.CREATED
    assert again.outcome is CreateOutcome.REPLAYED
    assert again.job == first.job
    assert again.job is not None
    assert records.load().open == 1


def test_the_same_key_with_another_request_is_refused(records: Records) -> None:
    records.submit(key=KEY)
    assert records.submit(key=IdempotencyKey(KEY.name, "another fingerprint")) == CreateResult(CreateOutcome.CONFLICT)


def test_the_key_of_an_erased_job_creates_no_other_job(records: Records) -> None:
    job = records.submit(key=KEY).job
    assert job is not None
    records.erase(job.id)
    records.erase(job.id)
    assert records.submit(key=KEY) == CreateResult(CreateOutcome.EXPIRED)


def test_a_repeated_request_is_answered_at_the_limit_of_open_jobs(records: Records) -> None:
    records.submit(key=KEY)
    for _ in range(LIMIT - 1):
        records.create()
    assert records.submit(key=KEY).outcome is CreateOutcome.REPLAYED
    assert records.submit(key=IdempotencyKey("new", "f")).outcome is CreateOutcome.FULL
    assert not records.redis.exists(KEYS.idempotency("new"))


def test_a_key_is_remembered_for_a_day(records: Records) -> None:
    records.submit(key=KEY)
    assert 24 * 3600 - 5 < int(records.redis.ttl(KEYS.idempotency("a-key"))) <= 24 * 3600


def test_a_create_command_that_is_sent_twice_creates_one_job(records: Records) -> None:
    records.submit(job_id="one")
    records.claim("one.1")
    again = records.submit(job_id="one")
    assert again.outcome is CreateOutcome.CREATED
    assert again.job == records.get("one")
    assert records.load().running == 1
