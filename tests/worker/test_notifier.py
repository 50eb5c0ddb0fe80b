"""The callbacks' worker: what it tells a receiver is in the audit log."""

import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared import audit
from shared.blobs import BlobStore, blob_path
from shared.jobs import NewJob, WebhookTarget
from shared.queue import BULK
from shared.settings import Settings
from tests.shared.records import INPUT, KEYS, Records
from worker.webhooks.delivery import UnheardError
from worker.webhooks.notifier import Teller

RESULT = b'{"face_image": "data:image/jpeg;base64,AAAA"}'


class Delivery:
    """A receiver that hears the second attempt."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    def post(self, _url: str, _message_id: str, body: bytes, _request_id: str | None) -> None:
        self.heard.append(body)
        if len(self.heard) == 1:
            raise UnheardError("answered 503")


@pytest.fixture
def records(valkey_url: str) -> Iterator[Records]:
    made = Records(valkey_url)
    yield made
    made.redis.close()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """Return the audit log."""
    audit.configure(Settings(_env_file=None, audit_log=str(tmp_path / "audit.log")))
    yield tmp_path / "audit.log"
    audit.configure(Settings(_env_file=None, audit_log="-"))


@pytest.mark.parametrize(("with_image", "succeeds"), [(True, True), (False, True), (True, False)])
def test_the_audit_log_says_which_receiver_was_told_and_whether_it_was_sent_the_pictures(
    records: Records, log: Path, tmp_path: Path, *, with_image: bool, succeeds: bool
) -> None:
    blobs, delivery, job_id = BlobStore(tmp_path.as_uri()), Delivery(), str(uuid.uuid4())
    target = WebhookTarget("https://forms.example.org:8443/jobs?token=secret", with_image)
    request = NewJob("extract-face", BULK, {"file": INPUT}, callback=target, request_id="form-4711")
    records._jobs(lambda intake: intake.create(job_id, request))
    assert records.claim("worker.1", job_id)
    if succeeds:
        result = blobs.put_now(blob_path("results", job_id, "result"), RESULT)
        assert records.execution.succeed(records.get(job_id), "worker.1", result)
    else:
        assert records.fail(job_id, "worker.1")
    teller = Teller(records.webhooks, blobs, delivery)  # type: ignore[arg-type]  # all that is asked of it
    assert records.webhooks.mark_published(job_id)
    assert teller.tell(job_id) == "pending"
    assert log.read_text() == ""  # nobody has been told yet
    records.redis.zadd(KEYS.webhooks_due, {job_id: time.time() - 1})
    assert records.webhooks.mark_published(job_id)
    assert teller.tell(job_id) == "delivered"
    (line,) = map(json.loads, log.read_text().splitlines())
    sent = {"action": "send", "outcome": "delivered", "job_id": job_id, "request_id": "form-4711"}
    pictures = with_image and succeeds
    assert line == {**sent, "receiver": "forms.example.org:8443", "pictures": pictures, "at": line["at"]}
    assert (b"face_image" in delivery.heard[1]) is pictures
