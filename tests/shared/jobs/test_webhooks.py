"""Webhooks are published and tried again. Their stored body, which may show a face, is deleted with them."""

import time

import pytest

from shared.blobs import BlobRef
from shared.jobs import WebhookTarget
from shared.jobs.webhooks import ATTEMPT_LIMIT
from shared.schemas import CallbackState
from tests.shared.records import INPUT, KEYS, RESULT, Records

BODY = BlobRef("callbacks/x/body", b"b" * 32)
HOUR = 3600.0


@pytest.fixture
def job_id(records: Records) -> str:
    """Return an ended job with a webhook whose first attempt has failed, so that its body is stored."""
    job_id = records.create(callback=WebhookTarget("https://forms.example.org/", with_image=True))
    assert records.claim("worker.1", job_id)
    assert records.succeed(job_id, "worker.1")
    assert records.webhooks.mark_published(job_id)
    assert records.webhooks.claim(job_id)
    records.webhooks.postpone(job_id, 60, BODY)
    return job_id


def test_the_body_is_kept_for_the_next_attempt(records: Records, job_id: str) -> None:
    assert records.redis.hget(KEYS.webhook(job_id), "body") == BODY.dump()
    assert records.cleanup.expired_blobs() == [INPUT.path]


@pytest.mark.parametrize("state", [CallbackState.DELIVERED, CallbackState.GIVEN_UP])
def test_the_body_is_deleted_when_the_webhook_is_delivered_or_given_up(
    records: Records, job_id: str, state: CallbackState
) -> None:
    records.webhooks.settle(job_id, state)
    assert sorted(records.cleanup.expired_blobs()) == [BODY.path, INPUT.path]


def test_the_body_is_deleted_with_its_job(records: Records, job_id: str) -> None:
    assert records.erase(job_id)
    assert sorted(records.cleanup.expired_blobs()) == [BODY.path, INPUT.path, RESULT.path]


def test_webhooks_without_a_worker_do_not_fill_the_broker_and_expire(records: Records) -> None:
    target = WebhookTarget("https://forms.example.org/", with_image=False)
    first, second = (records.create(callback=target) for _ in range(2))
    records.erase(first)
    records.erase(second)
    records.redis.zadd(KEYS.webhooks_due, {first: time.time() - 60, second: time.time() - 26 * HOUR})
    assert records.webhooks.due(queue_is_empty=False) == [first]
    assert records.webhooks.mark_published(first)
    assert not records.webhooks.mark_published(first), "another reaper found it due as well"
    assert records.webhooks.due(queue_is_empty=False) == []
    assert records.webhooks.due(queue_is_empty=True) == []
    records.redis.zadd(KEYS.webhooks_published, {first: time.time() - 60})
    assert records.webhooks.due(queue_is_empty=False) == []
    assert records.webhooks.due(queue_is_empty=True) == [first]
    assert records.load().webhooks == 1


def test_a_webhook_is_due_again_after_its_pause_or_after_the_time_limit_of_its_attempt(records: Records) -> None:
    job_id = records.create(callback=WebhookTarget("https://forms.example.org/", with_image=False))
    records.erase(job_id)
    records.webhooks.mark_published(job_id)
    attempt = records.webhooks.claim(job_id)
    assert attempt is not None
    assert attempt.attempt == 1
    assert records.webhooks.claim(job_id) is None, "a duplicate message"
    assert not records.webhooks.mark_published(job_id), "an attempt is in progress"
    assert records.redis.zscore(KEYS.webhooks_due, job_id) == pytest.approx(time.time() + ATTEMPT_LIMIT, abs=5)
    records.webhooks.postpone(job_id, 0, RESULT)
    assert records.webhooks.due(queue_is_empty=False) == [job_id]
    records.webhooks.mark_published(job_id)
    second = records.webhooks.claim(job_id)
    assert second is not None
    assert (second.attempt, second.body) == (2, RESULT)
    records.webhooks.settle(job_id, CallbackState.DELIVERED)
    assert records.load().webhooks == 0
