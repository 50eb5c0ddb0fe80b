"""The stored body of a webhook, which may show a face, is deleted with the webhook or with its job."""

import pytest

from shared.blobs import BlobRef
from shared.jobs import WebhookTarget
from shared.schemas import CallbackState
from tests.shared.records import INPUT, KEYS, RESULT, Records

BODY = BlobRef("callbacks/x/body", b"b" * 32)


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
