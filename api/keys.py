"""API keys: who may ask. Read from a file that holds their hashes, and read again when it changes."""

import hashlib
import hmac
import time
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from limits import RateLimitItem, parse
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, RootModel, StringConstraints, ValidationError

from shared.errors import SetupError
from shared.logs import get_logger
from shared.settings import Settings

log = get_logger(__name__)

NAME = r"^[A-Za-z0-9._-]{1,64}$"

_LOOK = 1.0  # seconds between two looks whether the file has changed


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


Limit = Annotated[RateLimitItem, BeforeValidator(parse)]
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
        How many documents in how long: ``200000/day``.

    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    sha256: tuple[Digest, ...] = Field(min_length=1)
    scopes: frozenset[Scope] = Field(min_length=1)
    rate: Limit | None = None
    quota: Limit | None = None


class _File(RootModel[dict[Annotated[str, StringConstraints(pattern=NAME)], ApiKey]]):
    """A table for each key, by its name."""


class KeyRing:
    """The keys of a file, as it is now.

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
        self._version = self._stat()
        self._keys = self._read()

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
        """Read the file again if it has changed; if it is broken now, what was read before goes on."""
        now = time.monotonic()
        if now - self._looked < _LOOK:
            return
        self._looked = now
        try:
            version = self._stat()
            if version != self._version:
                self._version = version
                self._keys = self._read()
                log.info("API keys read again", count=len(self._keys))
        except SetupError as error:
            log.warning("API keys not read again", error=str(error))

    def _stat(self) -> tuple[int, int, int]:
        try:
            stat = self._path.stat()
        except OSError as error:
            raise SetupError(f"API keys {self._path}: {error.strerror}") from error
        return stat.st_mtime_ns, stat.st_size, stat.st_ino

    def _read(self) -> dict[str, ApiKey]:
        try:
            return _File.model_validate(tomllib.loads(self._path.read_text())).root
        except OSError as error:
            raise SetupError(f"API keys {self._path}: {error.strerror}") from error
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise SetupError(f"API keys {self._path}: {where}: {first['msg']}") from None
        except ValueError as error:  # not TOML, or not text
            raise SetupError(f"API keys {self._path}: {error}") from error
