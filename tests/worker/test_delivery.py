"""Webhooks go straight to their receiver, over HTTPS. Errors do not contain the URL, whose query may hold a secret."""

from pathlib import Path

import pytest

from tests.support.servers import free_port
from tests.support.services.webhook_receiver import receiving
from worker.webhooks.delivery import DeliveryError, WebhookClient

SECRET = "whsec_YSBrZXkgb2YgdHdlbnR5LWZvdXIgYnl0ZXM="  # noqa: S105  # pragma: allowlist secret


@pytest.mark.parametrize("address", ["localhost:{port}", "localhost:99999"], ids=["refused", "no port"])
def test_the_error_for_an_unreachable_receiver_does_not_contain_its_url(address: str) -> None:
    client = WebhookClient(SECRET, allow_loopback=True)
    with pytest.raises(DeliveryError) as raised:
        client.post(f"https://{address.format(port=free_port())}/hook?token=of-the-client", "id", b"{}", None)
    assert str(raised.value)
    assert "hook" not in str(raised.value)
    assert "of-the-client" not in str(raised.value)


@pytest.mark.long
def test_a_webhook_is_not_sent_through_a_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):  # it could exempt this machine
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")  # nothing listens there
    with receiving(tmp_path) as receiver:
        client = WebhookClient(SECRET, authorities=receiver.authorities, allow_loopback=True)
        client.post(receiver.url("/hook"), "id", b"{}", None)
    assert [request.body for request in receiver.requests_to("/hook")] == [b"{}"]


def test_no_webhook_is_sent_without_https() -> None:
    client = WebhookClient(SECRET, allow_loopback=True)
    with pytest.raises(DeliveryError, match="the URL is not HTTPS"):
        client.post(f"http://localhost:{free_port()}/hook", "id", b"{}", None)
