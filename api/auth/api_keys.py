"""API keys: who may ask. Read from a file that holds their hashes, and read again when it changes."""

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

_LOOK = 1.0
"""Seconds between two looks whether the file has changed."""

_PATIENCE = 10.0
"""Seconds for which the keys of before count while the file is not valid: an editor may save it in two steps. Which of
them are meant to be gone is not known, so none counts for longer."""


class Scope(StrEnum):
    """What a key may be used for."""

    SUBMIT = "submit"
    """Hand documents in, and cancel or erase one's own."""
    READ = "read"
    """Ask for one's own jobs and their results."""
    STATS = "stats"
    """Ask how loaded the service is: ``/stats`` and ``/metrics``."""
    ADMIN = "admin"
    """Erase anybody's job, as an applicant may demand. It shows nothing."""


def _begin_of(value: object) -> object:
    """Return the first moment of a date, in UTC; anything else as it is."""
    return datetime.combine(value, datetime.min.time(), UTC) if _is_date(value) else value


def _end_of(value: object) -> object:
    """Return the last moment of a date, in UTC; anything else as it is."""
    return datetime.combine(value, datetime.max.time(), UTC) if _is_date(value) else value


def _is_date(value: object) -> TypeGuard[date]:
    return isinstance(value, date) and not isinstance(value, datetime)


def _limit(text: str) -> RateLimitItem:
    limits = parse_many(text)
    if len(limits) != 1:
        raise ValueError("one limit, such as 50/second")
    return limits[0]


Begin = Annotated[AwareDatetime, Strict(), BeforeValidator(_begin_of)]
End = Annotated[AwareDatetime, Strict(), BeforeValidator(_end_of)]
Limit = Annotated[RateLimitItem, BeforeValidator(_limit)]
Digest = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]


class ApiKey(BaseModel):
    """One entry of the file.

    Attributes
    ----------
    sha256
        Hashes of the keys that count: one, or two while one takes the other's place. A key is 256 random bits, which
        need no slow hash: there is nothing to guess.
    scopes
        What it may be used for.
    rate
        How many requests in how long, as ``limits`` writes it: ``50/second``.
    quota
        How many jobs in how long: ``200000/day``.
    not_before, expires
        From when and until when it counts: a time with its offset from UTC, at which it does not count any more if it
        expires then; or a date in UTC, on which it counts from the first second to the last in either case.

    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    sha256: tuple[Digest, ...] = Field(min_length=1)
    scopes: frozenset[Scope] = Field(min_length=1)
    rate: Limit | None = None
    quota: Limit | None = None
    not_before: Begin | None = None
    expires: End | None = None

    @model_validator(mode="after")
    def _counts_at_some_time(self) -> Self:
        if self.not_before and self.expires and self.expires <= self.not_before:
            raise ValueError("expires before not_before")
        return self

    def refusal(self, now: datetime) -> str | None:
        """Return the code of the problem that the key does not count at this time; None if it does."""
        if self.expires is not None and now >= self.expires:
            return "key_expired"
        if self.not_before is not None and now < self.not_before:
            return "key_not_yet_valid"
        return None


class _File(RootModel[dict[Annotated[str, StringConstraints(pattern=NAME)], ApiKey]]):
    """A table for each key, by its name."""


class KeyRing:
    """The keys of a file, as it is now: none, while it cannot be read.

    Parameters
    ----------
    path
        A TOML file.

    Raises
    ------
    SetupError
        It cannot be read, or is not as it must be.

    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._looked = time.monotonic()
        self._content: bytes | None = self._load()
        self._keys = self._parse(self._content)
        self._invalid_since: float | None = None

    @classmethod
    def configured(cls, settings: Settings) -> "KeyRing | None":
        """Return the keys that the settings name; None if there are none and everybody may ask."""
        return cls(settings.api_keys_path) if settings.api_keys_path else None

    def find(self, secret: str) -> tuple[str, ApiKey] | None:
        """Return name and entry of a key, comparing with all in constant time; None if there is no such key."""
        self._refresh()
        digest = hashlib.sha256(secret.encode()).hexdigest()
        found = None
        for name, key in self._keys.items():
            for known in key.sha256:
                if hmac.compare_digest(digest, known):
                    found = name, key
        return found

    def _refresh(self) -> None:
        """Read the file again: now and then, or at each question while no key counts, so that it soon does again."""
        now = time.monotonic()
        if self._keys and now - self._looked < _LOOK:
            return
        self._looked = now
        try:
            content = self._load()
        except SetupError as error:
            self._content = self._invalid_since = None
            self._close(str(error))
            return
        if content != self._content:
            self._content = content
            self._take(content, now)
        if self._invalid_since is not None and now - self._invalid_since >= _PATIENCE:
            self._close(f"not valid for {_PATIENCE:.0f} s")

    def _take(self, content: bytes, now: float) -> None:
        """Use the keys of a file that has changed or, if it is not valid, note since when it is not."""
        try:
            self._keys = self._parse(content)
        except SetupError as error:
            self._invalid_since = self._invalid_since or now
            log.error("API keys not read again", error=str(error))  # noqa: TRY400 - it says where the mistake is
        else:
            self._invalid_since = None
            log.info("API keys read again", count=len(self._keys))

    def _close(self, reason: str) -> None:
        """Let no key count until the file can be read and is valid again."""
        if self._keys:
            log.error("no API key counts", reason=reason)
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
        except (ValueError, RecursionError) as error:  # not TOML, or not text
            raise SetupError(f"API keys {self._path}: {error}") from error
