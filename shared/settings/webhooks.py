"""Webhooks, which tell a client's server that a job has ended."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from shared.settings.values import ReceivingHosts


class Webhooks(BaseModel):
    """Requests to a client's server when a job has ended (`callback_url`)."""

    model_config = ConfigDict(title="Webhooks")

    callback_hosts: ReceivingHosts = Field(
        [],
        description="Hosts that a `callback_url` may name, separated by commas; with `:port` if the port is not 443.",
    )
    callback_secret: SecretStr | None = Field(
        None, description="Key that webhooks are signed with: `whsec_` and base64, as in Standard Webhooks."
    )
    callback_ca: Path | None = Field(
        None,
        description="File of certificates (PEM) that are trusted for receivers. Not set: the well-known authorities.",
    )
    callback_allow_loopback: bool = Field(
        default=False, description="Whether receivers may be on this machine. Private addresses are always refused."
    )

    @field_validator("callback_secret")
    @classmethod
    def _is_a_webhook_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            try:
                Webhook(value.get_secret_value())
            except (ValueError, EmptyWebhookSecretError) as error:
                raise ValueError("CALLBACK_SECRET must be base64, after whsec_ if you like") from error
        return value
