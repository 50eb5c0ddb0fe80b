"""An idempotency key names one request: the same again gives the same job, another is refused."""

from shared.jobs import CreateOutcome, CreateResult, IdempotencyKey
from tests.shared.records import KEYS, LIMIT, Records

KEY = IdempotencyKey("a-key", "fingerprint")


def test_the_same_key_and_request_give_the_same_job(records: Records) -> None:
    first, again = records.submit(key=KEY), records.submit(key=KEY)
    assert first.outcome is CreateOutcome.CREATED
    assert again.outcome is CreateOutcome.REPLAYED
    assert again.job == first.job
    assert again.job is not None
    assert records.load().open == 1


def test_the_same_key_with_another_request_is_refused(records: Records) -> None:
    records.submit(key=KEY)
    assert records.submit(key=IdempotencyKey(KEY.name, "another fingerprint")) == CreateResult(CreateOutcome.CONFLICT)


def test_the_key_of_a_job_that_is_gone_starts_no_other(records: Records) -> None:
    job = records.submit(key=KEY).job
    assert job is not None
    records.erase(job.id)
    records.erase(job.id)
    assert records.submit(key=KEY) == CreateResult(CreateOutcome.EXPIRED)


def test_a_full_house_still_answers_for_a_job_that_it_has(records: Records) -> None:
    records.submit(key=KEY)
    for _ in range(LIMIT - 1):
        records.create()
    assert records.submit(key=KEY).outcome is CreateOutcome.REPLAYED
    assert records.submit(key=IdempotencyKey("new", "f")).outcome is CreateOutcome.FULL
    assert not records.redis.exists(KEYS.idempotency("new"))


def test_a_key_counts_for_a_day(records: Records) -> None:
    records.submit(key=KEY)
    assert 24 * 3600 - 5 < int(records.redis.ttl(KEYS.idempotency("a-key"))) <= 24 * 3600


def test_an_api_that_lost_the_answer_to_its_submission_makes_no_second_job(records: Records) -> None:
    records.submit(job_id="one")
    records.claim("one.1")
    again = records.submit(job_id="one")
    assert again.outcome is CreateOutcome.CREATED
    assert again.job == records.get("one")
    assert records.load().running == 1
