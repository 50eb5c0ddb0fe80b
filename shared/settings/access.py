"""Where the API listens, and who may use it."""

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from shared.settings import files
from shared.settings.values import AllowedHosts, Texts


class Network(BaseModel):
    """Where the API listens, and which host names and web pages it answers."""

    model_config = ConfigDict(title="Network")

    host: str = Field("127.0.0.1", description="Address the API binds to.")
    port: int = Field(7860, ge=1, le=65535, description="Port the API binds to.")
    public_host: str | None = Field(
        None, description="Address at which a proxy or a container engine publishes the API. Not set: `HOST`."
    )
    allowed_hosts: AllowedHosts = Field(
        [],
        description="Host names to which requests may be sent, in addition to those of this machine, separated by "
        "commas. `*.example.org` is every host of a domain, `*` is any host. Not set: any host if there are API keys; "
        "otherwise only those of this machine.",
    )
    cors_origins: Texts = Field(
        ["*"],
        description="Origins whose web pages may call the API, separated by commas. `*` is any origin, except for "
        "batches, `/stats` and `/metrics`, which answer only pages of origins that are named.",
    )


class Access(BaseModel):
    """API keys and the audit log."""

    model_config = ConfigDict(title="Access")

    api_keys_file: Path | None = Field(
        None, description="File of API keys (TOML). Not set: `/run/secrets/api_keys`; if that is missing, no keys."
    )
    allow_anonymous: bool = Field(
        default=False, description="Whether an API that others can reach may run without API keys."
    )
    audit_log: str | None = Field(
        None,
        description="File to which the audit log (who asked for what) is appended, `-` for stderr. "
        "Not set: `DATA_DIR/audit.log`.",
    )

    @property
    def api_keys_path(self) -> Path | None:
        """The file of API keys; None if there are none."""
        secret = files.SECRETS / "api_keys"
        # A directory or a broken link there is a mistake, and does not turn authentication off.
        return self.api_keys_file or (secret if os.path.lexists(secret) else None)
