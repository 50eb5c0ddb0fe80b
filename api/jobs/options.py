"""Options of a submission, for all kinds of jobs, and idempotency keys."""

import hashlib
import re
from collections.abc import Collection, Mapping
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from shared.errors import ServiceError
from shared.job_kinds.declaration import JobKind
from shared.job_kinds.options import ErrorCode, Options, Switch
from shared.job_kinds.registry import KINDS
from shared.jobs import IdempotencyKey, WebhookTarget, with_owner
from shared.settings import host_name

BATCH_NAME = r"^[A-Za-z0-9._-]{1,64}$"

_MAX_REFERENCE = 255
"""Characters: the longest file name on most file systems."""

# A string of RFC 8941, as the draft requires, or the bare characters that most clients send.
_KEY = re.compile(r'^"([\x21\x23-\x5b\x5d-\x7e]{1,255})"$|^([\x21\x23-\x2b\x2d-\x3a\x3c-\x7e]{1,255})$')


def _printable(text: str | None) -> str | None:
    if text is not None and not text.isprintable():
        raise ValueError("not printable")
    return text


class SubmissionOptions(Options):
    """Options that requests of every kind have."""

    batch: Annotated[
        str | None,
        Field(pattern=BATCH_NAME, description="Name of the batch that the job belongs to.", examples=["intake-2026"]),
        ErrorCode("invalid_batch"),
    ] = None
    reference: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=_MAX_REFERENCE,
            description="Your own name for the job. The job, the results of the batch and the webhook contain it.",
            examples=["applicant-4711"],
        ),
        AfterValidator(_printable),
        ErrorCode("invalid_reference"),
    ] = None
    callback_url: Annotated[
        str | None,
        Field(
            description="Receives a signed POST (Standard Webhooks) when the job ends: https, on an allowed host.",
            examples=["https://forms.example.org/jobs"],
            json_schema_extra={"format": "uri"},
        ),
        ErrorCode("invalid_callback"),
    ] = None
    callback_image: Annotated[
        Switch, Field(description="Whether the webhook contains the pictures."), ErrorCode("invalid_callback")
    ] = False

    @field_validator("callback_url")
    @classmethod
    def _is_allowed(cls, url: str, info: ValidationInfo) -> str:
        """Check scheme and host. The IP address is checked at each call of the webhook."""
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        hosts = (info.context or {})["callback_hosts"]
        allowed = host_name(host if port in {None, 443} else f"{host}:{port}") in hosts
        if parts.scheme != "https" or parts.username or parts.password or not allowed:
            raise ValueError("not an allowed address")
        return url

    @property
    def callback(self) -> WebhookTarget | None:
        """The receiver of the webhook, if there is one."""
        return WebhookTarget(self.callback_url, self.callback_image) if self.callback_url else None


OPTION_NAMES: Final = SubmissionOptions.names().union(*(kind.options.names() for kind in KINDS))
"""Names that a request may contain. Options of another kind are ignored, so one form can serve all kinds."""


def merge_options(query: Mapping[str, str], fields: Mapping[str, str]) -> dict[str, str]:
    """Return the options of a request by name; a form field takes precedence over a query parameter.

    Raises
    ------
    ServiceError
        ``unknown_field``: the query contains a name that is no option. Forms are checked while they are read.

    """
    for name in query:
        if name not in OPTION_NAMES:
            raise ServiceError("unknown_field", field=name)
    return {**query, **fields}


def read_submission_options(given: Mapping[str, str], callback_hosts: Collection[str]) -> SubmissionOptions:
    """Read the options that every kind has; ``callback_image`` is ignored without a ``callback_url``.

    Raises
    ------
    ServiceError
        ``invalid_batch``, ``invalid_reference`` or ``invalid_callback``.

    """
    has_callback = bool(given.get("callback_url", "").strip())
    used = {name: given[name] for name in given if has_callback or name != "callback_image"}
    return SubmissionOptions.read(used, {"callback_hosts": callback_hosts})


def idempotency_key(
    text: str, owner: str | None, kind: JobKind, files: Mapping[str, bytes], options: Mapping[str, object]
) -> IdempotencyKey:
    """Return an ``Idempotency-Key`` with the fingerprint of its request.

    See draft-ietf-httpapi-idempotency-key-header-06, section 2.

    Parameters
    ----------
    text
        Value of the header.
    owner
        Name of the API key; None when authentication is disabled.
    kind, files
        Kind of the job, and its documents by form field.
    options
        Options with a value other than the default. An option that is added later therefore does not change the
        fingerprints of requests without it.

    Raises
    ------
    ServiceError
        ``invalid_idempotency_key``.

    """
    match = _KEY.match(text.strip())
    if match is None:
        raise ServiceError("invalid_idempotency_key")
    digest = hashlib.sha256(repr((kind.name, dict(options))).encode())
    for name, data in sorted(files.items()):
        digest.update(f"\0{name}\0{len(data)}\0".encode())
        digest.update(data)
    return IdempotencyKey(with_owner(owner, match[1] or match[2]), digest.hexdigest())
