"""Every knob of the service, read from the environment and from ``.env``. Nothing else reads the environment."""

import base64
import os
import re
import ssl
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    Field,
    Json,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    Secret,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from shared.errors import SetupError
from shared.formats import FORMATS, FormatName

MEGABYTE = 1024 * 1024

_MASTER_KEY_BYTES = 32

_HOST = re.compile(r"\*|(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\]")
"""A name, an IPv4 address or an IPv6 address in brackets, as ``Host`` has them, without the port."""

SECRETS = Path("/run/secrets")
"""Where containers find secrets as files, each with the name of a setting."""


class Settings(BaseSettings):
    """The settings, each an environment variable of the same name in capitals, or a file among the secrets."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        secrets_dir=SECRETS if SECRETS.is_dir() else None,
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # Secrets before the rest: compose names a Redis without a password, a file the same with one.
        return init_settings, file_secret_settings, env_settings, dotenv_settings

    # Where it listens
    host: str = Field("127.0.0.1", description="Address the API binds to.")
    port: int = Field(7860, ge=1, le=65535, description="Port the API binds to.")
    public_host: str | None = Field(
        None, description="Address at which a proxy or a container engine publishes the API. Not set: `HOST`."
    )
    allowed_hosts: Annotated[list[str], NoDecode] = Field(
        [],
        description="Host names that requests may be addressed to besides this machine's, separated by commas. "
        "`*.example.org` is all of a domain, `*` any. Not set: any with API keys, else none.",
    )
    cors_origins: Annotated[list[str], NoDecode] = Field(
        ["*"],
        description="Origins whose web pages may call, separated by commas. `*` is any, but not for batches, `/stats` "
        "and `/metrics`, which answer only pages of origins that are named.",
    )

    # Who may ask
    api_keys_file: Path | None = Field(
        None, description="File of API keys (TOML). Not set: `/run/secrets/api_keys`, or, without that, no keys."
    )
    allow_anonymous: bool = Field(
        default=False, description="Whether an API that others can reach may do without API keys."
    )
    audit_log: str | None = Field(
        None,
        description="File that who asked for what is appended to, `-` for stderr. Not set: `DATA_DIR/audit.log`.",
    )

    # Where it keeps things
    redis_url: str | None = Field(
        None, description="Redis or Valkey, as a URL. Not set: an embedded Valkey server under `DATA_DIR`."
    )
    redis_namespace: str = Field(
        "nsfas",
        pattern=r"^[A-Za-z0-9_.-]+$",
        description="Prefix of all keys in Redis. Systems that share a server need one each.",
    )
    redis_replicas: NonNegativeInt = Field(
        0, description="Replicas that should have an accepted job before the client is told, where Redis fails over."
    )
    data_dir: Path = Field(
        Path(".data"), description="Directory of the embedded server's data and of stored documents."
    )
    storage_url: str | None = Field(
        None, description="Object store for documents (`file:///...`, `s3://...`). Not set: `DATA_DIR/blobs`."
    )
    storage_options: Secret[Json[dict[str, str]]] | None = Field(
        None, description="What the object store needs, as JSON: `access_key_id`, `secret_access_key`, `endpoint`."
    )
    storage_ca: Path | None = Field(
        None, description="Certificates (PEM) that the object store is trusted by, besides the well-known authorities."
    )
    master_key: SecretStr | None = Field(
        None,
        description="Wraps the documents' keys in Redis: 32 bytes in base64; after commas, former ones that open.",
    )
    model_dir: Path | None = Field(None, description="Cache of prepared models. Not set: the user's cache directory.")

    # What it accepts
    max_upload_bytes: PositiveInt = Field(10 * MEGABYTE, description="Largest file accepted, in bytes.")
    accepted_formats: Annotated[list[FormatName], NoDecode] = Field(
        [each.name for each in FORMATS],
        min_length=1,
        description="Formats that files may have, separated by commas. `jpeg,png,pdf` are the original three.",
    )
    max_pages: PositiveInt = Field(10, description="Pages of a PDF that are looked at, from the first.")
    max_pixels: PositiveInt = Field(64_000_000, description="Largest picture accepted, width times height.")

    document_memory: PositiveInt = Field(
        768 * MEGABYTE, description="Bytes that reading one document may take beyond what its process holds (Linux)."
    )
    decoder_sandbox: bool = Field(
        default=True,
        description="Whether the processes that read documents give up programs, files and connections (Linux).",
    )
    max_open_jobs: PositiveInt = Field(
        1_000_000, description="Jobs that may wait and run at once; a further one is refused with `503`."
    )
    max_waiting: PositiveInt = Field(
        500, description="Requests that may wait for a job in one API process; a further one is refused with `503`."
    )
    upload_memory: PositiveInt = Field(
        64 * MEGABYTE, description="Bytes of uploads that one API process holds at once; others are read after them."
    )

    # Whom it tells
    callback_hosts: Annotated[list[str], NoDecode] = Field(
        [], description="Hosts that a `callback_url` may name, separated by commas; with `:port` if it is not 443."
    )
    callback_secret: SecretStr | None = Field(
        None, description="Key that callbacks are signed with: `whsec_` and base64, as Standard Webhooks has it."
    )
    callback_ca: Path | None = Field(
        None, description="Certificates (PEM) that receivers are trusted by. Not set: the well-known authorities."
    )
    callback_allow_loopback: bool = Field(
        default=False, description="Whether receivers may be on this machine. Private addresses are always refused."
    )

    # How it decides
    vision_engine: Literal["centerface", "face_recognition"] = Field(
        "centerface",
        description="Engine; `face_recognition` is the slower reference, and wants a longer `JOB_TIME_LIMIT`.",
    )
    vision_provider: Literal["cpu", "cuda"] = Field("cpu", description="Where the networks run.")
    face_encoder: Literal["sface", "dlib"] = Field(
        "sface",
        description="Network that faces are compared with. `dlib` takes strangers for one person far more often among "
        "Black and Asian people: docs/comparison.md.",
    )
    sface_weights: Path | None = Field(
        None, description="File of SFace's weights, as published, from a mirror. Not set: those in its package."
    )
    encoder_manifest: Path | None = Field(
        None, description="Manifest of an encoder of your own (ONNX), taken instead of `FACE_ENCODER`."
    )
    match_threshold: NonNegativeFloat | None = Field(
        None, description="Distance up to which two faces match. Not set: the encoder's own, 0.6."
    )
    match_false_match_rate: float | None = Field(
        None, gt=0, lt=1, description="Instead of a threshold: how often strangers may match, `0.0001` for 1 in 10,000."
    )

    # When a portrait carries a warning
    quality_min_eye_distance: NonNegativeFloat = Field(20.0, description="Pixels between the eyes: `too_small` below.")
    quality_min_sharpness: NonNegativeFloat = Field(30.0, description="Grey levels squared: `blurry` below.")
    quality_min_luminance: NonNegativeFloat = Field(35.0, description="Mean of the face, 0 to 255: `too_dark` below.")
    quality_max_luminance: NonNegativeFloat = Field(225.0, description="Mean of the face: `too_bright` above.")
    quality_min_dynamic_range: NonNegativeFloat = Field(40.0, description="Grey levels: `low_contrast` below.")
    quality_max_glare: NonNegativeFloat = Field(0.15, description="Share of the face that is white: `glare` above.")
    quality_max_pose: NonNegativeFloat = Field(35.0, description="Degrees of yaw or pitch: `turned_away` above.")

    # How long things take
    upload_timeout: PositiveFloat = Field(60, description="Seconds that an upload may take once it is being read.")
    upload_wait: PositiveFloat = Field(
        20, description="Seconds that an upload waits for memory that others hold; it is then refused with `503`."
    )
    wait_timeout: PositiveFloat = Field(
        40, description="Seconds that `POST /extract-face` and `POST /compare-faces` wait for their job."
    )
    result_ttl: PositiveInt = Field(3600, description="Seconds that an ended job and its result are kept.")
    job_time_limit: PositiveInt = Field(
        20, description="Seconds that one attempt at a job may take; after 3 more its process is killed."
    )
    job_lease: PositiveInt = Field(
        20, description="Seconds after which a job whose worker went silent is given to another; renewed while it runs."
    )
    max_attempts: PositiveInt = Field(3, description="Attempts at a job before it fails as `worker_crashed`.")
    drain_timeout: PositiveInt = Field(30, description="Seconds that a stopping process may take to finish its work.")

    # How it runs
    worker_processes: PositiveInt | None = Field(None, description="Processes of one worker. Not set: one a core.")
    metrics_port: int = Field(
        0, ge=0, le=65535, description="Port on which a worker serves `/metrics` for Prometheus; 0 for none."
    )
    otel_exporter_otlp_endpoint: str | None = Field(
        None, description="Collector that traces are sent to, OTLP over HTTP (`http://host:4318`). Not set: no traces."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level that is logged.")
    log_format: Literal["console", "json"] = Field("console", description="`json` for machines, one object a line.")

    @field_validator("allowed_hosts", "cors_origins", "callback_hosts", "accepted_formats", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("callback_hosts")
    @classmethod
    def _as_hosts_are_compared(cls, value: list[str]) -> list[str]:
        return [host_name(host) for host in value]

    @field_validator("allowed_hosts")
    @classmethod
    def _are_hosts(cls, value: list[str]) -> list[str]:
        for host in value:
            if not _HOST.fullmatch(host):
                raise ValueError(f"{host!r} is not a host name: no scheme, no port, * only alone or as *.example.org")
        return [host.lower() for host in value]

    @model_validator(mode="after")
    def _decides_by_one(self) -> Self:
        if self.match_threshold is not None and self.match_false_match_rate is not None:
            raise ValueError("set MATCH_THRESHOLD or MATCH_FALSE_MATCH_RATE, not both")
        return self

    @field_validator("callback_secret")
    @classmethod
    def _is_a_webhook_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            try:
                Webhook(value.get_secret_value())
            except (ValueError, EmptyWebhookSecretError) as error:
                raise ValueError("CALLBACK_SECRET must be base64, after whsec_ if you like") from error
        return value

    @field_validator("storage_ca")
    @classmethod
    def _holds_certificates(cls, value: Path | None) -> Path | None:
        if value is not None:
            try:
                ssl.create_default_context(cafile=value)
            except OSError as error:  # of the file, or of what is in it
                raise ValueError(f"no certificates (PEM) can be read from {value}: {error.strerror}") from error
        return value

    @field_validator("master_key")
    @classmethod
    def _of_256_bits(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            wrapping_keys(value)
        return value

    @property
    def api_keys_path(self) -> Path | None:
        """The file of API keys; None if there are none."""
        secret = SECRETS / "api_keys"
        # A directory or a broken link there is a mistake, and does not turn authentication off.
        return self.api_keys_file or (secret if os.path.lexists(secret) else None)

    @property
    def wrapping_keys(self) -> list[bytes]:
        """The master keys, the first to wrap with and all to open with; none if documents' keys are not wrapped."""
        return wrapping_keys(self.master_key) if self.master_key else []

    @property
    def embedded(self) -> bool:
        """Whether the service brings its own Valkey server and worker."""
        return self.redis_url is None

    @property
    def workers_redis_url(self) -> str:
        """The Redis server of a worker, which brings none of its own.

        Raises
        ------
        SetupError
            None is named.

        """
        if self.redis_url is None:
            raise SetupError("REDIS_URL is not set: name the Redis server that the API uses")
        return self.redis_url

    @property
    def blobs_url(self) -> str:
        return self.storage_url or (self.data_dir.resolve() / "blobs").as_uri()


def host_name(host: str) -> str:
    """Return a host, with its port if it has one, as hosts are compared: in lower case, without the root's dot."""
    name, colon, port = host.lower().partition(":")
    return f"{name.removesuffix('.')}{colon}{port}"


def wrapping_keys(secret: SecretStr) -> list[bytes]:
    """Return the keys that a setting lists.

    Raises
    ------
    ValueError
        One is not 32 bytes in base64.

    """
    keys = [base64.b64decode(part, validate=True) for part in secret.get_secret_value().split(",")]
    if any(len(key) != _MASTER_KEY_BYTES for key in keys):
        raise ValueError("each master key must be 32 bytes")
    return keys


@cache
def get_settings() -> Settings:
    """Return this process's settings, read once.

    Raises
    ------
    SetupError
        Variables are set to something that they cannot be; each is named, in one line.

    """
    try:
        return Settings()
    except ValidationError as error:
        raise SetupError(f"settings: {'; '.join(map(_sentence, error.errors()))}") from error


def certificate_files() -> list[Path]:
    """Return the files that the environment names for TLS to the collector of traces."""
    names = [f"OTEL_EXPORTER_OTLP_{part}" for part in ("CERTIFICATE", "CLIENT_KEY", "CLIENT_CERTIFICATE")]
    names += [name.replace("OTLP_", "OTLP_TRACES_") for name in names]
    names += ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]
    return [Path(os.environ[name]) for name in names if name in os.environ]  # noqa: TID251 - here alone


def object_store_environment() -> Mapping[str, str]:
    """Return what the object store's library takes from the environment by itself: credentials, endpoints, proxies."""
    clouds = ("AWS_", "AZURE_", "GOOGLE_")
    return {name: value for name, value in os.environ.items() if name.startswith(clouds)}  # noqa: TID251 - here alone


def _sentence(error: ErrorDetails) -> str:
    name = ".".join(map(str, error["loc"]))
    return f"{name}: {error['msg']}" if name else error["msg"]
