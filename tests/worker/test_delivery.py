"""What is said about a receiver that was not reached: never its address, whose query may hold a client's secret."""

import pytest

from tests.support.servers import free_port
from worker.webhooks.delivery import Delivery, UnheardError

SECRET = "whsec_YSBrZXkgb2YgdHdlbnR5LWZvdXIgYnl0ZXM="  # noqa: S105  # pragma: allowlist secret


@pytest.mark.parametrize("place", ["localhost:{port}", "localhost:99999"], ids=["refused", "no port"])
def test_why_a_receiver_was_not_reached_is_said_without_its_address(place: str) -> None:
    delivery = Delivery(SECRET, allow_loopback=True)
    with pytest.raises(UnheardError) as raised:
        delivery.post(f"https://{place.format(port=free_port())}/hook?token=of-the-client", "id", b"{}", None)
    assert str(raised.value)
    assert "hook" not in str(raised.value)
    assert "of-the-client" not in str(raised.value)
