"""Encrypted documents and results in an object store.

Each blob has its own encryption key. The key is part of the :class:`BlobRef`, which is stored only in the record of the
job. Once the record is deleted, the encrypted bytes cannot be read any more. With a master key, the encryption keys are
wrapped, so that Redis and the object store together do not reveal documents either.

The library starts threads at first use, and threads do not survive a fork. A process that forks others must not use a
:class:`BlobStore`, or it would hang in the forked processes.
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
from shared.threads import run_in_thread

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

_KEY_BITS = 256
_NONCE_BYTES = 12  # the standard size for AES-GCM (NIST SP 800-38D, 8.2)

_PAGE = 500  # blobs per page of a listing

_CLIENT: "ClientConfig" = {
    "allow_http": True,  # if the endpoint of the operator uses HTTP
    "connect_timeout": timedelta(seconds=3),
    "timeout": timedelta(seconds=30),
}
_RETRIES: "RetryConfig" = {"max_retries": 2, "retry_timeout": timedelta(seconds=10)}
"""For stores over the network. Few retries, so that uploads fail quickly; a worker postpones its job instead."""

StorageError = (BaseError, OSError)
"""Exceptions of :class:`BlobStore` methods when the object store fails."""


@dataclass(frozen=True, slots=True)
class BlobRef:
    """The path of a blob and its encryption key, wrapped if there is a master key. It is a secret."""

    path: str
    encryption_key: bytes

    def dump(self) -> str:
        return f"{self.path} {base64.b64encode(self.encryption_key).decode()}"

    @classmethod
    def parse(cls, text: str) -> Self:
        path, key = text.split(" ")
        return cls(path, base64.b64decode(key))


def blob_path(kind: str, job_id: str, name: str) -> str:
    """Return the path of a blob. Paths are flat, so that no folder must be created and removed for each job."""
    return f"{kind}/{job_id}.{name}"


def job_of(path: str) -> str:
    """Return the id of the job that owns a blob."""
    return path.rpartition("/")[2].partition(".")[0]


class BlobStore:
    """Encrypted blobs in the object store at a URL.

    Parameters
    ----------
    url
        ``file:///directory`` (created if missing), ``memory:///``, ``s3://bucket/prefix``, or another URL of obstore.
    options
        Further options of a store over the network, with the names of obstore. Missing options are read from the
        environment (such as ``AWS_ACCESS_KEY_ID``) or from the identity of the machine.
    wrapping_keys
        Master keys of 32 bytes. The first one wraps encryption keys, all of them can unwrap.
    authorities
        File of CA certificates (PEM) to trust for a store over the network, in addition to the system certificates.

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
    def from_settings(cls, settings: Settings) -> Self:
        """Return the store that the settings name."""
        options = settings.storage_options
        return cls(
            settings.blobs_url,
            options.get_secret_value() if options else None,
            settings.wrapping_keys,
            settings.storage_ca,
        )

    async def put(self, path: str, data: bytes) -> BlobRef:
        """Store bytes, encrypted with a new key (AES-256-GCM)."""
        ref, parts = await run_in_thread(len(data), self._seal, path, data)
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
            The blob does not exist.
        cryptography.exceptions.InvalidTag
            The bytes were modified.
        cryptography.hazmat.primitives.keywrap.InvalidUnwrap
            None of the master keys unwraps its encryption key.

        """
        response = await obstore.get_async(self._store, ref.path)
        sealed = memoryview(await response.bytes_async())
        return await run_in_thread(len(sealed), self._open, ref, sealed)

    def get_now(self, ref: BlobRef) -> bytes:
        """Return the bytes of a blob as :meth:`get` does, blocking."""
        return self._open(ref, memoryview(obstore.get(self._store, ref.path).bytes()))

    async def delete(self, paths: list[str]) -> None:
        """Remove blobs; missing ones are ignored."""
        for path in paths:
            with suppress(FileNotFoundError):
                await obstore.delete_async(self._store, path)

    def delete_now(self, paths: list[str]) -> None:
        """Remove blobs as :meth:`delete` does, blocking."""
        try:
            obstore.delete(self._store, paths)  # in one request, if the store supports it
        except FileNotFoundError:
            for path in paths:
                with suppress(FileNotFoundError):
                    obstore.delete(self._store, path)

    def list_now(self, after: str = "") -> Iterator[list[tuple[str, datetime]]]:
        """Yield pages of (path, time of storage) of all blobs after a path, sorted by path; blocking."""
        if isinstance(self._store, LocalStore) and self._store.prefix is not None:
            # The library lists a directory without an order, so a scan could not continue where it stopped.
            yield from _list_directory(Path(self._store.prefix), after)
            return
        for page in obstore.list(self._store, offset=after or None, chunk_size=_PAGE):
            yield [(entry["path"], entry["last_modified"]) for entry in page]

    def remove_unfinished_now(self, before: datetime) -> int:
        """Remove files that processes left when they died while writing; blocking. Return the number of files.

        Only directories have such files: the library writes to a temporary name and renames the file. It neither lists
        nor deletes temporary files. Their encryption keys were never stored.
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
        """Encrypt to a nonce and a ciphertext with its tag. The path is authenticated, so blobs cannot be swapped."""
        key, nonce = AESGCM.generate_key(_KEY_BITS), secrets.token_bytes(_NONCE_BYTES)
        stored_key = aes_key_wrap(self._wrapping_keys[0], key) if self._wrapping_keys else key
        return BlobRef(path, stored_key), [nonce, AESGCM(key).encrypt(nonce, data, path.encode())]

    def _open(self, ref: BlobRef, sealed: memoryview) -> bytes:
        key = ref.encryption_key
        if len(key) != _KEY_BITS // 8:
            key = self._unwrap(key)
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], ref.path.encode())

    def _unwrap(self, wrapped: bytes) -> bytes:
        """Unwrap a key (RFC 3394). A wrapped key is longer than a plain one, and a wrong master key is detected."""
        for candidate in self._wrapping_keys:
            with suppress(InvalidUnwrap):
                return aes_key_unwrap(candidate, wrapped)
        raise InvalidUnwrap("no master key unwraps this key")


def _list_directory(root: Path, after: str) -> Iterator[list[tuple[str, datetime]]]:
    paths = (
        f"{kind.name}/{name}"
        for kind in sorted(root.iterdir())
        if kind.is_dir()
        for name in sorted(entry.name for entry in os.scandir(kind))
        if "#" not in name  # not complete yet
    )
    page: list[tuple[str, datetime]] = []
    for path in paths:
        if path <= after:
            continue
        with suppress(FileNotFoundError):  # removed in the meantime
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
            config: Any = options  # the options depend on the scheme
            return from_url(url, config=config, client_options=_client(authorities), retry_config=_RETRIES)


def _client(authorities: Path | None) -> "ClientConfig":
    return {**_CLIENT, "root_certificate": authorities.read_bytes()} if authorities else _CLIENT
