"""An idempotency key names one request: the same again gives the same job, another is refused."""

from shared.jobs import Key, Outcome
from tests.shared.records import LIMIT, Records

KEY = Key("a-key", "fingerprint")


def test_the_same_key_and_request_give_the_same_job(records: Records) -> None:
    outcome, job = records.submit(key=KEY)
    assert outcome is Outcome.CREATED
    again, same = records.submit(key=KEY)
    assert again is Outcome.REPLAYED
    assert job is not None
    assert same is not None
    assert same.id == job.id
    assert records.load().open == 1


def test_the_same_key_with_another_request_is_refused(records: Records) -> None:
    records.submit(key=KEY)
    assert records.submit(key=Key(KEY.name, "another fingerprint")) == (Outcome.CONFLICT, None)


def test_the_key_of_a_job_that_is_gone_starts_no_other(records: Records) -> None:
    _, job = records.submit(key=KEY)
    assert job is not None
    records.erase(job.id)
    records.erase(job.id)
    assert records.submit(key=KEY) == (Outcome.GONE, None)


def test_a_full_house_still_answers_for_a_job_that_it_has(records: Records) -> None:
    records.submit(key=KEY)
    for _ in range(LIMIT - 1):
        records.create()
    assert records.submit(key=KEY)[0] is Outcome.REPLAYED
    assert records.submit(key=Key("new", "f"))[0] is Outcome.FULL
    assert not records.redis.exists("idempotency:new")


def test_a_key_counts_for_a_day(records: Records) -> None:
    records.submit(key=KEY)
    assert 24 * 3600 - 5 < int(records.redis.ttl("idempotency:a-key")) <= 24 * 3600


def test_an_api_that_lost_the_answer_to_its_submission_makes_no_second_job(records: Records) -> None:
    first = records.submit(job_id="one")
    records.execution.claim("one.1")
    outcome, job = records.submit(job_id="one")
    assert outcome is first[0] is Outcome.CREATED
    assert job == records.get("one")
    assert records.load().running == 1
