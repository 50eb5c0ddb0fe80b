"""One signed POST to a receiver, or the reason why it was not heard."""

from datetime import UTC, datetime
from pathlib import Path

import requests
from requests_hardened import Config, Manager
from standardwebhooks.webhooks import Webhook
from urllib3.exceptions import MaxRetryError

_TIMEOUT = (5.0, 15.0)
"""Seconds to connect, and to wait for the answer: Standard Webhooks advises 15 to 30."""


class UnheardError(Exception):
    """The receiver was not told; the message says why."""


class RefusedError(UnheardError):
    """The receiver wants to be told no more (410 Gone)."""


class Delivery:
    """Speaks to receivers: HTTPS alone, no redirects, no proxies, no private addresses.

    The name is resolved at each attempt, the address is checked, and it is that address that is connected to: a name
    that points elsewhere a moment later changes nothing.

    Parameters
    ----------
    secret
        Key of the signature, as Standard Webhooks has it.
    authorities
        Certificates (PEM) to trust rather than the well-known ones.
    allow_loopback
        Whether receivers may be on this machine.

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
        """Send a body with the headers of Standard Webhooks, and the name of the request that began it all.

        Raises
        ------
        RefusedError, UnheardError
            It was not accepted.

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
            raise UnheardError("not https")
        try:
            with self._manager.get_session() as session:
                session.trust_env = False  # a proxy would resolve the name itself
                # Streamed, and its body never read: a receiver must not fill our memory.
                with session.post(url, data=body, headers=headers, verify=self._verify, stream=True) as answer:
                    status = answer.status_code
        except requests.RequestException as error:
            raise UnheardError(_reason(error)) from error
        if status == requests.codes.gone:
            raise RefusedError("answered 410")
        if not requests.codes.ok <= status < requests.codes.multiple_choices:
            raise UnheardError(f"answered {status}")


def _reason(error: requests.RequestException) -> str:
    """Return what went wrong without the receiver's address, whose query may hold a secret of the client's."""
    name = type(error).__name__
    if isinstance(error, requests.exceptions.InvalidURL):  # the words of these two have the address
        return name
    cause = error.args[0] if error.args else error
    return f"{name}: {cause.reason if isinstance(cause, MaxRetryError) else cause}"
