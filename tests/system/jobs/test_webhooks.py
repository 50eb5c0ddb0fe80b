"""Webhooks: signed, retried until delivered, and sent only to receivers that the operator allows."""

import base64
import json
import uuid
from collections.abc import Iterator

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from tests.support.compose import card, jpeg, pdf
from tests.support.eventually import eventually
from tests.support.servers import START_TIMEOUT, System, client_of, running
from tests.support.services.webhook_receiver import ReceivedRequest, Receiver, receiving
from tests.system.celery_command import REPLY_OPTIONS, celery
from tests.system.job_batch import processes
from worker.webhooks.delivery import DeliveryError, WebhookClient

SECRET = f"whsec_{base64.b64encode(b'a key of twenty-four bytes').decode()}"
CARD = {"file": jpeg(card())}


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    with receiving(tmp_path_factory.mktemp("receiver")) as server:
        yield server


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[System]:
    home = tmp_path_factory.mktemp("callbacks")
    settings = {
        "callback_hosts": f"{receiver.host},forms.example.org",
        "callback_secret": SECRET,
        "callback_ca": receiver.authorities,
        "callback_allow_loopback": True,
    }
    with running(["app.py"], home / "log", data_dir=home / "data", worker_processes=1, **settings) as system:
        yield system


@pytest.fixture
def client(system: System) -> Iterator[httpx.Client]:
    with client_of(system.url) as client:
        yield client


def submit(client: httpx.Client, url: str, files: dict[str, bytes] = CARD, **data: str) -> str:
    named = {"X-Request-ID": f"request-of-{url.rpartition('/')[2]}", "Idempotency-Key": str(uuid.uuid4())}
    post = client.post("/jobs/extract-face", files=files, data={"callback_url": url, **data}, headers=named)
    assert post.status_code == 202, post.text
    assert post.json()["callback"] == {"state": "pending", "attempts": 0}
    return str(post.headers["location"])


def delivered(receiver: Receiver, path: str, times: int = 1) -> ReceivedRequest:
    eventually(lambda: len(receiver.requests_to(path)) >= times)
    return receiver.requests_to(path)[times - 1]


def state(client: httpx.Client, location: str) -> tuple[str, int]:
    callback = client.get(location).json()["callback"]
    return callback["state"], callback["attempts"]


def test_a_webhook_is_sent_for_a_job_that_an_operator_revoked(
    system: System, client: httpx.Client, receiver: Receiver
) -> None:
    _, *pool = processes(system, "-m worker")
    for process in pool:
        process.suspend()
    try:
        submit(client, receiver.url("/running"))
        location = submit(client, receiver.url("/revoked"))
        redis_url = f"unix://{system.environment['DATA_DIR']}/valkey.sock"
        celery(redis_url, "control", "revoke", location.rpartition("/")[2], *REPLY_OPTIONS)
        event = json.loads(delivered(receiver, "/revoked").body)
    finally:
        for process in pool:
            process.resume()
    assert (event["type"], event["data"]["status"]) == ("job.cancelled", "cancelled")
    eventually(lambda: state(client, location) == ("delivered", 1))


@pytest.mark.parametrize("image", ["", "true"])
def test_a_webhook_has_a_valid_signature(client: httpx.Client, receiver: Receiver, image: str) -> None:
    path = f"/told{image}"
    location = submit(client, receiver.url(path), callback_image=image, pages="true", reference="applicant-1")
    request = delivered(receiver, path)
    event = Webhook(SECRET).verify(request.body, request.headers)
    assert request.headers["webhook-id"] == location.rpartition("/")[2]
    assert request.headers["x-request-id"] == f"request-of-told{image}"
    assert event["type"] == "job.succeeded"
    eventually(lambda: state(client, location) == ("delivered", 1))
    job = client.get(location).json()
    assert event["data"]["result"]["metadata"] == job["result"]["metadata"]
    for pictures in ("face_image", "pages"):
        assert event["data"]["result"].get(pictures) == (job["result"][pictures] if image else None)
    assert event["data"]["reference"] == job["reference"] == "applicant-1"


def test_the_webhook_of_a_comparison_contains_the_result_without_pictures(
    client: httpx.Client, receiver: Receiver
) -> None:
    pair = {"selfie": CARD["file"], "id_photo": CARD["file"]}
    data = {"callback_url": receiver.url("/compared"), "portraits": "true"}
    location = client.post("/jobs/compare-faces", files=pair, data=data).headers["location"]
    result = json.loads(delivered(receiver, "/compared").body)["data"]["result"]
    kept = client.get(location).json()["result"]
    assert result["match"] is True
    for picture in ("selfie", "id_photo"):
        assert kept[picture].pop("face_image")
        assert result[picture] == kept[picture]


def test_webhooks_are_sent_for_failures_and_cancellations(
    client: httpx.Client, receiver: Receiver, system: System
) -> None:
    submit(client, receiver.url("/failed"), {"file": pdf("No face.")})
    event = json.loads(delivered(receiver, "/failed").body)
    assert event["type"] == "job.failed"
    assert event["data"]["error"]["code"] == "no_face"
    worker = processes(system, "-m worker")
    for process in worker:
        process.suspend()  # so that the job waits even on a fast machine
    try:
        # The processes may receive a job each before they are suspended: submit these jobs first.
        for _ in range(len(worker)):
            client.post("/jobs/extract-face", files=CARD)
        client.delete(submit(client, receiver.url("/cancelled")))
    finally:
        for process in worker:
            process.resume()
    assert json.loads(delivered(receiver, "/cancelled").body)["type"] == "job.cancelled"


def test_a_failed_webhook_is_retried_after_a_delay(client: httpx.Client, receiver: Receiver) -> None:
    receiver.statuses.append(500)
    location = submit(client, receiver.url("/again"))
    delivered(receiver, "/again")
    eventually(lambda: state(client, location) == ("pending", 1))
    assert client.get("/stats").json()["callbacks_pending"] >= 1
    second = delivered(receiver, "/again", times=2)
    assert second.body == receiver.requests_to("/again")[0].body
    eventually(lambda: state(client, location) == ("delivered", 2))
    eventually(lambda: client.get("/stats").json()["callbacks_pending"] == 0)


def test_a_redirect_is_not_followed(client: httpx.Client, receiver: Receiver) -> None:
    receiver.statuses.append(307)
    location = submit(client, receiver.url("/moved"))
    delivered(receiver, "/moved", times=2)
    eventually(lambda: state(client, location) == ("delivered", 2))
    assert receiver.requests_to("/elsewhere") == []


def test_a_webhook_to_a_gone_receiver_is_given_up_and_logged(
    client: httpx.Client, receiver: Receiver, system: System
) -> None:
    receiver.statuses.append(410)
    location = submit(client, receiver.url("/gone"))
    eventually(lambda: state(client, location) == ("given_up", 1))
    eventually(lambda: "webhook given up" in system.log.read_text())


def test_a_webhook_is_delivered_even_if_its_worker_is_killed(
    client: httpx.Client, receiver: Receiver, system: System
) -> None:
    receiver.statuses.append(500)
    location = submit(client, receiver.url("/killed"))
    # An interrupted attempt counts as running for a minute.
    eventually(lambda: state(client, location) == ("pending", 1))
    for process in processes(system, "-m worker.webhooks"):
        process.kill()
    eventually(lambda: len(receiver.requests_to("/killed")) == 2, START_TIMEOUT)  # the worker starts again first


@pytest.mark.parametrize(
    "host", ["10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "127.0.0.1", "localhost", "[::1]", "0.0.0.1"]
)
def test_no_webhook_is_sent_to_a_private_address(host: str) -> None:
    with pytest.raises(DeliveryError, match="InvalidIPAddress"):
        WebhookClient(SECRET).post(f"https://{host}/", "id", b"{}", None)


def test_no_webhook_is_sent_to_a_receiver_without_a_valid_certificate(receiver: Receiver) -> None:
    with pytest.raises(DeliveryError, match="SSLError"):
        WebhookClient(SECRET, allow_loopback=True).post(receiver.url("/unsafe"), "id", b"{}", None)
    assert receiver.requests_to("/unsafe") == []
