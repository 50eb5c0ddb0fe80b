"""The webhook worker records its deliveries in the audit log, and tries for 24 hours."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared import audit
from shared.blobs import BlobStore, blob_path
from shared.jobs import NewJob, WebhookTarget
from shared.queue import BULK
from shared.settings import Settings
from tests.shared.records import INPUT, KEYS, Records
from tests.support.files import files_in
from worker.housekeeping.cleanup import clean_storage
from worker.webhooks.delivery import DeliveryError
from worker.webhooks.notifier import WebhookNotifier

RESULT = b'{"face_image": "data:image/jpeg;base64,AAAA"}'


class FakeClient:
    """A client whose first attempt fails. ``meanwhile`` is called during each attempt."""

    def __init__(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        self.sent_bodies: list[bytes] = []
        self._meanwhile = meanwhile

    def post(self, _url: str, _message_id: str, body: bytes, _request_id: str | None) -> None:
        self.sent_bodies.append(body)
        self._meanwhile()
        if len(self.sent_bodies) == 1:
            raise DeliveryError("the receiver responded with 503")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """Return the audit log."""
    audit.configure(Settings(audit_log=str(tmp_path / "audit.log")))
    yield tmp_path / "audit.log"
    audit.configure(Settings(audit_log="-"))


@pytest.mark.parametrize(("with_image", "succeeds"), [(True, True), (False, True), (True, False)])
def test_the_audit_log_names_the_receiver_and_says_whether_pictures_were_sent(
    records: Records, log: Path, tmp_path: Path, *, with_image: bool, succeeds: bool
) -> None:
    blobs, client, job_id = BlobStore(tmp_path.as_uri()), FakeClient(), str(uuid.uuid4())
    target = WebhookTarget("https://forms.example.org:8443/jobs?token=secret", with_image)
    request = NewJob("extract-face", BULK, {"file": INPUT}, callback=target, request_id="form-4711")
    records._jobs(lambda intake: intake.create(job_id, request))
    assert records.claim("worker.1", job_id)
    if succeeds:
        result = blobs.put_now(blob_path("results", job_id, "result"), RESULT)
        assert records.execution.succeed(records.get(job_id), "worker.1", result)
    else:
        assert records.fail(job_id, "worker.1")
    notifier = WebhookNotifier(records.webhooks, blobs, client)  # type: ignore[arg-type]  # it needs only `post`
    assert records.webhooks.mark_published(job_id)
    assert notifier.notify(job_id) == "pending"
    assert log.read_text() == ""  # no delivery yet
    records.redis.zadd(KEYS.webhooks_due, {job_id: time.time() - 1})
    assert records.webhooks.mark_published(job_id)
    assert notifier.notify(job_id) == "delivered"
    (line,) = map(json.loads, log.read_text().splitlines())
    entry = {"action": "send", "outcome": "delivered", "job_id": job_id, "request_id": "form-4711"}
    pictures = with_image and succeeds
    assert line == {**entry, "receiver": "forms.example.org:8443", "pictures": pictures, "at": line["at"]}
    assert (b"face_image" in client.sent_bodies[1]) is pictures


@pytest.mark.parametrize(("hours", "outcome"), [(23, "pending"), (24, "given_up")])
def test_a_webhook_is_given_up_24_hours_after_the_end_of_its_job(
    records: Records, tmp_path: Path, hours: int, outcome: str
) -> None:
    job_id = records.create(callback=WebhookTarget("https://forms.example.org/", with_image=False))
    assert records.erase(job_id)  # cancels it
    records.redis.hset(KEYS.webhook(job_id), "ended_at", time.time() - hours * 3600)
    notifier = WebhookNotifier(records.webhooks, BlobStore(tmp_path.as_uri()), FakeClient())  # type: ignore[arg-type]
    assert records.webhooks.mark_published(job_id)
    assert notifier.notify(job_id) == outcome
    assert records.get(job_id).callback_state == outcome
    assert records.load().webhooks == (outcome == "pending")


def test_an_attempt_that_fails_after_its_job_was_erased_leaves_no_body(records: Records, tmp_path: Path) -> None:
    job_id = records.create(callback=WebhookTarget("https://forms.example.org/", with_image=False))
    assert records.claim("worker.1", job_id)
    assert records.fail(job_id, "worker.1")
    blobs, client = BlobStore(tmp_path.as_uri()), FakeClient(meanwhile=lambda: records.erase(job_id))
    notifier = WebhookNotifier(records.webhooks, blobs, client)  # type: ignore[arg-type]
    assert records.webhooks.mark_published(job_id)
    assert notifier.notify(job_id) == "no longer due"
    clean_storage(records.cleanup, blobs)
    assert files_in(tmp_path) == set()
