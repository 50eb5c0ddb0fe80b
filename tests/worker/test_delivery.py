"""Delivery errors: the message never contains the receiver's URL, whose query string may hold a client's secret."""

import pytest

from tests.support.servers import free_port
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
