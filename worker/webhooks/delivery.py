"""Sends one signed POST to a receiver."""

from datetime import UTC, datetime
from pathlib import Path

import requests
from requests_hardened import Config, Manager
from standardwebhooks.webhooks import Webhook
from urllib3.exceptions import MaxRetryError

_TIMEOUT = (5.0, 15.0)
"""Seconds to connect, and to wait for the response. Standard Webhooks recommends 15 to 30."""


class DeliveryError(Exception):
    """The webhook was not delivered. The message says why."""


class ReceiverGoneError(DeliveryError):
    """The receiver wants no more webhooks (410 Gone)."""


class WebhookClient:
    """HTTP client for receivers: HTTPS only, without redirects, proxies and private addresses.

    Each attempt resolves the host name, checks the address and connects to the checked address. A DNS record that
    changes after the check has no effect.

    Parameters
    ----------
    secret
        Signing key in the format of Standard Webhooks.
    authorities
        Certificates (PEM) to trust instead of the public certificate authorities.
    allow_loopback
        Whether receivers may run on this machine.

    """

    def __init__(self, secret: str, *, authorities: Path | None = None, allow_loopback: bool = False) -> None:
        self._webhook = Webhook(secret)
        self._verify = str(authorities) if authorities else True
        self._manager = Manager(
            Config(
                ip_filter_enable=True,
                ip_filter_allow_loopback_ips=allow_loopback,
                never_redirect=True,
                default_timeout=_TIMEOUT,
                user_agent_override="nsfas-face-extraction",
            )
        )

    def post(self, url: str, message_id: str, body: bytes, request_id: str | None) -> None:
        """Send a body with the headers of Standard Webhooks and the id of the request that submitted the job.

        Raises
        ------
        ReceiverGoneError, DeliveryError
            The receiver did not accept the webhook.

        """
        now = datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(message_id, now, body.decode()),
        }
        if request_id is not None:
            headers["x-request-id"] = request_id
        if not url.startswith("https://"):
            raise DeliveryError("the URL is not HTTPS")
        try:
            with self._manager.get_session() as session:
                session.trust_env = False  # a proxy would resolve the host name itself
                # Stream the response and never read its body, so that a receiver cannot fill the memory.
                with session.post(url, data=body, headers=headers, verify=self._verify, stream=True) as response:
                    status = response.status_code
        except requests.RequestException as error:
            raise DeliveryError(_reason(error)) from error
        if status == requests.codes.gone:
            raise ReceiverGoneError("the receiver responded with 410")
        if not requests.codes.ok <= status < requests.codes.multiple_choices:
            raise DeliveryError(f"the receiver responded with {status}")


def _reason(error: requests.RequestException) -> str:
    """Return the cause without the receiver's URL, because its query string may contain a secret of the client."""
    name = type(error).__name__
    if isinstance(error, requests.exceptions.InvalidURL):  # its message contains the URL
        return name
    cause = error.args[0] if error.args else error
    return f"{name}: {cause.reason if isinstance(cause, MaxRetryError) else cause}"
