"""Job quotas: the script that creates jobs counts them, so the count is exact."""

from shared.jobs import CreateOutcome, IdempotencyKey, JobQuota, QuotaUsage
from tests.shared.records import KEYS, LIMIT, Records

FOUR = JobQuota("form", 4, 3600)
COUNT = KEYS.quota("form", 3600)
KEY = IdempotencyKey("form/a-key", "fingerprint")


def used(records: Records) -> int:
    return int(records.redis.get(COUNT) or 0)


def test_jobs_are_created_up_to_the_quota_and_report_its_use(records: Records) -> None:
    made = [records.submit(quota=FOUR) for _ in range(5)]
    assert [each.outcome for each in made] == [CreateOutcome.CREATED] * 4 + [CreateOutcome.QUOTA_EXCEEDED]
    assert [each.usage.jobs for each in made if each.usage] == [1, 2, 3, 4, 4]
    assert all(3590 < each.usage.seconds_left <= 3600 for each in made if each.usage)
    assert records.load().open == 4
    assert records.submit(quota=JobQuota("other", 4, 3600)).outcome is CreateOutcome.CREATED
    assert records.submit().usage is None


def test_requests_that_create_no_job_are_not_counted(records: Records) -> None:
    first = records.submit(key=KEY, quota=FOUR)
    assert records.submit(key=KEY, quota=FOUR).job == first.job
    assert records.submit(key=IdempotencyKey(KEY.name, "another"), quota=FOUR).outcome is CreateOutcome.CONFLICT
    assert first.job is not None
    records.erase(first.job.id)
    records.erase(first.job.id)
    assert records.submit(key=KEY, quota=FOUR).outcome is CreateOutcome.EXPIRED
    for _ in range(LIMIT - 1):  # the message of the cancelled job still counts as open
        records.create()
    assert records.submit(quota=FOUR).outcome is CreateOutcome.FULL
    assert used(records) == 1


def test_an_exceeded_quota_still_answers_repeated_requests_and_stores_no_new_key(
    records: Records,
) -> None:
    first = records.submit(key=KEY, quota=FOUR)
    for _ in range(3):
        records.submit(quota=FOUR)
    new = IdempotencyKey("form/new", "fingerprint")
    assert records.submit(key=new, quota=FOUR).outcome is CreateOutcome.QUOTA_EXCEEDED
    assert not records.redis.exists(KEYS.idempotency(new.name))
    assert records.submit(key=KEY, quota=FOUR).job == first.job


def test_a_create_command_that_is_sent_twice_is_counted_once(records: Records) -> None:
    for _ in range(2):
        assert records.submit(job_id="one", quota=FOUR).outcome is CreateOutcome.CREATED
    assert used(records) == 1


def test_a_raised_quota_keeps_the_count(records: Records) -> None:
    for _ in range(4):
        records.submit(quota=FOUR)
    assert records.submit(quota=JobQuota("form", 5, 3600)).outcome is CreateOutcome.CREATED
    assert records.submit(quota=JobQuota("form", 5, 3600)).outcome is CreateOutcome.QUOTA_EXCEEDED


def test_a_period_starts_with_its_first_job_and_is_fixed(records: Records) -> None:
    records.submit(quota=FOUR)
    records.redis.expire(COUNT, 1800)
    usage = records.submit(quota=FOUR).usage
    assert usage is not None
    assert usage.seconds_left <= 1800
    records.redis.delete(COUNT)  # the period has ended
    usage = records.submit(quota=FOUR).usage
    assert usage == QuotaUsage(1, 3600.0)


def test_a_period_ends_in_time_after_the_clock_was_set_back(records: Records) -> None:
    for _ in range(4):
        records.submit(quota=FOUR)
    records.redis.pexpire(COUNT, 100_000_000)
    assert records.submit(quota=FOUR).usage == QuotaUsage(4, 3600.0)
    assert int(records.redis.ttl(COUNT)) <= 3600


def test_a_quota_of_zero_allows_no_jobs(records: Records) -> None:
    assert records.submit(quota=JobQuota("form", 0, 3600)).outcome is CreateOutcome.QUOTA_EXCEEDED
