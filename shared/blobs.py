"""Document bytes, encrypted, on an object store.

Every blob has a key of its own, which is not stored beside it: it is part of the :class:`BlobRef`, and that is kept
only in the job's record. Once the record is gone, what is left on any disk is noise. With a master key, blobs' keys are
wrapped in it, so that Redis and the object store together give nothing away either.

The store's library starts threads of its own at first use, and they do not survive a fork: a process that forks others
must not use a :class:`BlobStore`, or theirs will hang.
"""

import base64
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote, urlsplit

import obstore
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore, ObjectStore, from_url

from shared.settings import Settings
from shared.threads import off_the_loop

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

_KEY_BITS = 256
_NONCE_BYTES = 12  # the size AES-GCM is defined for (NIST SP 800-38D, 8.2)

_PAGE = 500  # blobs that are listed at once

_CLIENT: "ClientConfig" = {
    "allow_http": True,  # where the operator's endpoint is one
    "connect_timeout": timedelta(seconds=3),
    "timeout": timedelta(seconds=30),
}
_RETRIES: "RetryConfig" = {"max_retries": 2, "retry_timeout": timedelta(seconds=10)}
"""Of a store over the network: a client that uploads is told soon that it failed, and a worker puts the job off."""

StorageError = (BaseError, OSError)
"""What the methods of :class:`BlobStore` raise when the object store fails."""


@dataclass(frozen=True, slots=True)
class BlobRef:
    """Where a blob is and how to read it, a secret: its key, wrapped if there is a master key."""

    path: str
    key: bytes

    def dump(self) -> str:
        return f"{self.path} {base64.b64encode(self.key).decode()}"

    @classmethod
    def parse(cls, text: str) -> Self:
        path, key = text.split(" ")
        return cls(path, base64.b64decode(key))


def blob_path(kind: str, job_id: str, name: str) -> str:
    """Return where a job's blob belongs. Flat: a folder for each job would have to be made and removed."""
    return f"{kind}/{job_id}.{name}"


def job_of(path: str) -> str:
    """Return the id of the job that a blob belongs to."""
    return path.rpartition("/")[2].partition(".")[0]


class BlobStore:
    """Blobs by path, on whatever the URL names.

    Parameters
    ----------
    url
        ``file:///directory`` (made if it is missing), ``memory:///``, ``s3://bucket/prefix`` and the others of obstore.
    options
        What a store over the network needs beside its URL, by obstore's names; what is not given it looks for in the
        environment (``AWS_ACCESS_KEY_ID`` and the like) and in the machine's own identity.
    wrapping_keys
        Master keys of 32 bytes: the first wraps blobs' keys, all unwrap them.
    authorities
        Certificates (PEM) that a store over the network is trusted by, besides the well-known ones.

    """

    def __init__(
        self,
        url: str,
        options: Mapping[str, str] | None = None,
        wrapping_keys: Sequence[bytes] = (),
        authorities: Path | None = None,
    ) -> None:
        self._store = _open_store(url, dict(options or {}), authorities)
        self._wrapping_keys = tuple(wrapping_keys)

    @classmethod
    def configured(cls, settings: Settings) -> Self:
        """Return the store that the settings name."""
        options = settings.storage_options
        return cls(
            settings.blobs_url,
            options.get_secret_value() if options else None,
            settings.wrapping_keys,
            settings.storage_ca,
        )

    async def put(self, path: str, data: bytes) -> BlobRef:
        """Store bytes, encrypted with a fresh key (AES-256-GCM)."""
        ref, parts = await off_the_loop(len(data), self._seal, path, data)
        await obstore.put_async(self._store, path, iter(parts), use_multipart=False)
        return ref

    def put_now(self, path: str, data: bytes) -> BlobRef:
        """Store bytes as :meth:`put` does, blocking."""
        ref, parts = self._seal(path, data)
        obstore.put(self._store, path, iter(parts), use_multipart=False)
        return ref

    async def get(self, ref: BlobRef) -> bytes:
        """Return the bytes of a blob.

        Raises
        ------
        FileNotFoundError
            It is gone.
        cryptography.exceptions.InvalidTag
            It is not what was stored.
        cryptography.hazmat.primitives.keywrap.InvalidUnwrap
            Its key was wrapped in a master key that is not among these.

        """
        answer = await obstore.get_async(self._store, ref.path)
        sealed = memoryview(await answer.bytes_async())
        return await off_the_loop(len(sealed), self._open, ref, sealed)

    def get_now(self, ref: BlobRef) -> bytes:
        """Return the bytes of a blob as :meth:`get` does, blocking."""
        return self._open(ref, memoryview(obstore.get(self._store, ref.path).bytes()))

    async def delete(self, paths: list[str]) -> None:
        """Remove blobs; those that are gone already do not matter."""
        for path in paths:
            with suppress(FileNotFoundError):
                await obstore.delete_async(self._store, path)

    def delete_now(self, paths: list[str]) -> None:
        """Remove blobs as :meth:`delete` does, blocking."""
        try:
            obstore.delete(self._store, paths)  # in one request, where the store can
        except FileNotFoundError:
            for path in paths:
                with suppress(FileNotFoundError):
                    obstore.delete(self._store, path)

    def list_now(self, after: str = "") -> Iterator[list[tuple[str, datetime]]]:
        """Yield path and time of storing of every blob after a path, sorted, some hundreds at a time, blocking."""
        if isinstance(self._store, LocalStore) and self._store.prefix is not None:
            # The library lists a directory in no order, so that a search could not go on where it stopped.
            yield from _list_directory(Path(self._store.prefix), after)
            return
        for page in obstore.list(self._store, offset=after or None, chunk_size=_PAGE):
            yield [(entry["path"], entry["last_modified"]) for entry in page]

    def remove_unfinished_now(self, before: datetime) -> int:
        """Remove what was being written by processes that died, blocking; return how many files there were.

        A directory alone has such files: the library writes beside the place and renames, and neither lists nor deletes
        what has not come so far. No key to them was ever told to anybody.
        """
        if not isinstance(self._store, LocalStore) or self._store.prefix is None:
            return 0
        count = 0
        for path in Path(self._store.prefix).glob("*/*#*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < before.timestamp():
                    path.unlink()
                    count += 1
        return count

    def _seal(self, path: str, data: bytes) -> tuple[BlobRef, list[bytes]]:
        """Encrypt: nonce, then ciphertext with its tag. The path is authenticated: blobs cannot be exchanged."""
        key, nonce = AESGCM.generate_key(_KEY_BITS), secrets.token_bytes(_NONCE_BYTES)
        kept = aes_key_wrap(self._wrapping_keys[0], key) if self._wrapping_keys else key
        return BlobRef(path, kept), [nonce, AESGCM(key).encrypt(nonce, data, path.encode())]

    def _open(self, ref: BlobRef, sealed: memoryview) -> bytes:
        key = ref.key if len(ref.key) == _KEY_BITS // 8 else self._unwrap(ref.key)
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], ref.path.encode())

    def _unwrap(self, wrapped: bytes) -> bytes:
        """Return a key, wrapped after RFC 3394, which makes it longer and tells the wrong master key."""
        for candidate in self._wrapping_keys:
            with suppress(InvalidUnwrap):
                return aes_key_unwrap(candidate, wrapped)
        raise InvalidUnwrap("no master key opens it")


def _list_directory(root: Path, after: str) -> Iterator[list[tuple[str, datetime]]]:
    paths = (
        f"{kind.name}/{name}"
        for kind in sorted(root.iterdir())
        if kind.is_dir()
        for name in sorted(entry.name for entry in os.scandir(kind))
        if "#" not in name  # still being written
    )
    page: list[tuple[str, datetime]] = []
    for path in paths:
        if path <= after:
            continue
        with suppress(FileNotFoundError):  # removed meanwhile
            page.append((path, datetime.fromtimestamp((root / path).stat().st_mtime, UTC)))
        if len(page) == _PAGE:
            yield page
            page = []
    if page:
        yield page


def _open_store(url: str, options: dict[str, str], authorities: Path | None) -> ObjectStore:
    parts = urlsplit(url)
    match parts.scheme:
        case "file":
            return LocalStore(unquote(parts.path), mkdir=True)
        case "memory":
            return MemoryStore()
        case _:
            config: Any = options  # which of them there are depends on the scheme
            return from_url(url, config=config, client_options=_client(authorities), retry_config=_RETRIES)


def _client(authorities: Path | None) -> "ClientConfig":
    return {**_CLIENT, "root_certificate": authorities.read_bytes()} if authorities else _CLIENT
