"""API keys. They are read from a file of hashes, and read again when the file changes."""

import hashlib
import hmac
import time
import tomllib
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self, TypeGuard

from limits import RateLimitItem, parse_many
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    Strict,
    StringConstraints,
    ValidationError,
    model_validator,
)

from shared.errors import SetupError
from shared.logs import get_logger
from shared.settings import Settings

log = get_logger(__name__)

NAME = r"^[A-Za-z0-9._-]{1,64}$"

_CHECK_INTERVAL = 1.0
"""Seconds between two checks whether the file has changed."""

_GRACE_PERIOD = 10.0
"""Seconds for which the previous keys stay valid while the file is invalid, since an editor may save it in two steps.
After that no key is valid, because it is unknown which keys were meant to be removed."""


class Scope(StrEnum):
    """What a key allows."""

    SUBMIT = "submit"
    """Submit documents, and cancel or erase own jobs."""
    READ = "read"
    """Read own jobs and their results."""
    STATS = "stats"
    """Read the load of the service: ``/stats`` and ``/metrics``."""
    ADMIN = "admin"
    """Erase any job, for example when an applicant requests it. This scope does not allow reading."""


def _start_of_day(value: object) -> object:
    """Return the start of a date in UTC; other values unchanged."""
    return datetime.combine(value, datetime.min.time(), UTC) if _is_date(value) else value


def _end_of_day(value: object) -> object:
    """Return the end of a date in UTC; other values unchanged."""
    return datetime.combine(value, datetime.max.time(), UTC) if _is_date(value) else value


def _is_date(value: object) -> TypeGuard[date]:
    return isinstance(value, date) and not isinstance(value, datetime)


def _limit(text: str) -> RateLimitItem:
    limits = parse_many(text)
    if len(limits) != 1:
        raise ValueError("must be one limit, such as 50/second")
    return limits[0]


StartTime = Annotated[AwareDatetime, Strict(), BeforeValidator(_start_of_day)]
EndTime = Annotated[AwareDatetime, Strict(), BeforeValidator(_end_of_day)]
Limit = Annotated[RateLimitItem, BeforeValidator(_limit)]
Digest = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]


class ApiKey(BaseModel):
    """An entry of the file.

    Attributes
    ----------
    sha256
        Hashes of the valid keys: one, or two while a key is replaced. A key has 256 random bits, so it cannot be
        guessed and needs no slow hash.
    scopes
        What the key allows.
    rate
        Limit of requests in the format of the package ``limits``: ``50/second``.
    quota
        Limit of jobs: ``200000/day``.
    not_before, expires
        Period in which the key is valid. Either times with a UTC offset, where ``expires`` is the first moment at which
        the key is invalid; or dates in UTC, where both dates are included.

    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    sha256: tuple[Digest, ...] = Field(min_length=1)
    scopes: frozenset[Scope] = Field(min_length=1)
    rate: Limit | None = None
    quota: Limit | None = None
    not_before: StartTime | None = None
    expires: EndTime | None = None

    @model_validator(mode="after")
    def _has_a_valid_period(self) -> Self:
        if self.not_before and self.expires and self.expires <= self.not_before:
            raise ValueError("expires must be after not_before")
        return self

    def validity_error(self, now: datetime) -> str | None:
        """Return an error code if the key is not valid at this time; None if it is."""
        if self.expires is not None and now >= self.expires:
            return "key_expired"
        if self.not_before is not None and now < self.not_before:
            return "key_not_yet_valid"
        return None


class _File(RootModel[dict[Annotated[str, StringConstraints(pattern=NAME)], ApiKey]]):
    """Entries by the name of the key."""


class ApiKeys:
    """The keys in a file, which is read again when it changes. While it cannot be read, no key is valid.

    Parameters
    ----------
    path
        A TOML file.

    Raises
    ------
    SetupError
        The file cannot be read or is invalid.

    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._checked_at = time.monotonic()
        self._content: bytes | None = self._load()
        self._keys = self._parse(self._content)
        self._invalid_since: float | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> "ApiKeys | None":
        """Return the keys of the file in the settings; None when authentication is disabled."""
        return cls(settings.api_keys_path) if settings.api_keys_path else None

    def find(self, secret: str) -> tuple[str, ApiKey] | None:
        """Return name and entry of a key; None if there is no such key. Compares with all keys in constant time."""
        self._refresh()
        digest = hashlib.sha256(secret.encode()).hexdigest()
        found = None
        for name, key in self._keys.items():
            for known in key.sha256:
                if hmac.compare_digest(digest, known):
                    found = name, key
        return found

    def _refresh(self) -> None:
        """Read the file again once per interval, or on each call while no key is valid."""
        now = time.monotonic()
        if self._keys and now - self._checked_at < _CHECK_INTERVAL:
            return
        self._checked_at = now
        try:
            content = self._load()
        except SetupError as error:
            self._content = self._invalid_since = None
            self._reject_all(str(error))
            return
        if content != self._content:
            self._content = content
            self._update(content, now)
        if self._invalid_since is not None and now - self._invalid_since >= _GRACE_PERIOD:
            self._reject_all(f"invalid for {_GRACE_PERIOD:.0f} s")

    def _update(self, content: bytes, now: float) -> None:
        """Use the keys of a changed file; if it is invalid, remember since when."""
        try:
            self._keys = self._parse(content)
        except SetupError as error:
            self._invalid_since = self._invalid_since or now
            log.error("API keys not reloaded: the file is invalid", error=str(error))  # noqa: TRY400 - the message has the position
        else:
            self._invalid_since = None
            log.info("API keys reloaded", count=len(self._keys))

    def _reject_all(self, reason: str) -> None:
        """Reject all keys until the file is valid again."""
        if self._keys:
            log.error("all API keys rejected", reason=reason)
            self._keys = {}

    def _load(self) -> bytes:
        try:
            return self._path.read_bytes()
        except OSError as error:
            raise SetupError(f"API keys {self._path}: {error.strerror}") from error

    def _parse(self, content: bytes) -> dict[str, ApiKey]:
        try:
            return _File.model_validate(tomllib.loads(content.decode())).root
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise SetupError(f"API keys {self._path}: {where}: {first['msg']}") from None
        except (ValueError, RecursionError) as error:  # not TOML or not UTF-8
            raise SetupError(f"API keys {self._path}: {error}") from error
