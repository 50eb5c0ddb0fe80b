"""Options of a request, from form fields or from the query."""

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from fastapi import Request

from api.http.uploads import Form
from shared.errors import ServiceError
from shared.jobs import IdempotencyKey, WebhookTarget, with_owner
from shared.schemas import JobKind
from shared.settings import Settings, host_name

LARGEST_THRESHOLD = 2.0
"""No two embeddings of unit length are farther apart."""

BATCH_NAME = r"^[A-Za-z0-9._-]{1,64}$"

LONGEST_REFERENCE = 255
"""Characters: what a file's name can be on most file systems."""

_COMMON = frozenset({"batch", "reference", "callback_url", "callback_image"})

OPTIONS: dict[JobKind, frozenset[str]] = {
    JobKind.EXTRACT_FACE: _COMMON | {"pages"},
    JobKind.COMPARE_FACES: _COMMON | {"threshold", "false_match_rate", "portraits"},
}
"""Names of the options of each kind of job: form fields, or query parameters."""

KNOWN: frozenset[str] = frozenset().union(*OPTIONS.values())
"""What a request may contain: one form may serve both kinds of job, so an option of the other kind is ignored."""

_YES, _NO = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}

# A string of RFC 8941, as the draft has it, or the bare characters that most clients send.
_KEY = re.compile(r'^"([\x21\x23-\x5b\x5d-\x7e]{1,255})"$|^([\x21\x23-\x2b\x2d-\x3a\x3c-\x7e]{1,255})$')


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a request.

    Attributes
    ----------
    threshold, false_match_rate
        For a comparison that names one of them.
    portraits
        Whether a comparison is to show both faces.
    pages
        Whether an extraction is to show every page.
    batch, reference, callback
        The job's group, the client's own name for it, and whom to tell of its end.

    """

    threshold: float | None = None
    false_match_rate: float | None = None
    portraits: bool = False
    pages: bool = False
    batch: str | None = None
    reference: str | None = None
    callback: WebhookTarget | None = None


def read_options(kind: JobKind, form: Form, query: Mapping[str, str], settings: Settings) -> Options:
    """Read the options of a request; a form field counts before a query parameter of the same name.

    Raises
    ------
    ServiceError
        ``unknown_field``, ``invalid_threshold``, ``invalid_false_match_rate``, ``invalid_batch``,
        ``invalid_reference``, ``invalid_callback`` or ``invalid_request``.

    """
    for name in query:
        if name not in KNOWN:
            raise ServiceError("unknown_field", field=name)
    asked = {name: value.strip() for name, value in {**query, **form.fields}.items()}
    given = {name: value for name, value in asked.items() if value and name in OPTIONS[kind]}
    return Options(
        threshold=_threshold(given.get("threshold")),
        false_match_rate=_false_match_rate(given),
        portraits=_switch("portraits", given.get("portraits", "")),
        pages=_switch("pages", given.get("pages", "")),
        batch=_batch(given.get("batch")),
        reference=_reference(given.get("reference")),
        callback=_callback(given.get("callback_url"), given.get("callback_image", ""), settings.callback_hosts),
    )


def idempotency_key(
    request: Request, owner: str | None, kind: JobKind, form: Form, options: Options
) -> IdempotencyKey | None:
    """Return the request's ``Idempotency-Key``, if it has one, with the fingerprint of what it came with.

    After draft-ietf-httpapi-idempotency-key-header-06, section 2.

    Raises
    ------
    ServiceError
        ``invalid_idempotency_key``.

    """
    text = request.headers.get("idempotency-key")
    if text is None:
        return None
    match = _KEY.match(text.strip())
    if match is None:
        raise ServiceError("invalid_idempotency_key")
    # Only what was asked for, so that an option that is new does not make every earlier request another one.
    asked = {name: value for name, value in asdict(options).items() if value is not None and value is not False}
    digest = hashlib.sha256(repr((kind.value, asked)).encode())
    for name, data in sorted(form.files.items()):
        digest.update(f"\0{name}\0{len(data)}\0".encode())
        digest.update(data)
    return IdempotencyKey(with_owner(owner, match[1] or match[2]), digest.hexdigest())


def _threshold(text: str | None) -> float | None:
    if text is None:
        return None
    value = _number(text)
    if not 0 <= value <= LARGEST_THRESHOLD:
        raise ServiceError("invalid_threshold", field="threshold")
    return value


def _false_match_rate(given: Mapping[str, str]) -> float | None:
    """Return the rate that was asked for; whether the encoder was measured at it is for the worker to know."""
    if "false_match_rate" not in given:
        return None
    value = _number(given["false_match_rate"])
    if not 0 < value < 1 or "threshold" in given:
        raise ServiceError("invalid_false_match_rate", field="false_match_rate")
    return value


def _number(text: str) -> float:
    """Read a number; not a number where it is none, which every comparison refuses."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def _batch(text: str | None) -> str | None:
    if text is not None and not re.match(BATCH_NAME, text):
        raise ServiceError("invalid_batch", field="batch")
    return text


def _reference(text: str | None) -> str | None:
    if text is not None and not (len(text) <= LONGEST_REFERENCE and text.isprintable()):
        raise ServiceError("invalid_reference", field="reference")
    return text


def _callback(url: str | None, with_image: str, hosts: list[str]) -> WebhookTarget | None:
    """Return the target, if its host is allowed by name; its address is checked whenever it is called."""
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ServiceError("invalid_callback", field="callback_url") from error
    host = parts.hostname or ""
    allowed = host_name(host if port in {None, 443} else f"{host}:{port}") in hosts
    if parts.scheme != "https" or parts.username or parts.password or not allowed:
        raise ServiceError("invalid_callback", field="callback_url")
    return WebhookTarget(url, _switch("callback_image", with_image, "invalid_callback"))


def _switch(name: str, text: str, code: str = "invalid_request") -> bool:
    if text.lower() not in _YES | _NO:
        raise ServiceError(code, field=name)
    return text.lower() in _YES
