"""Encryption of blobs: the key is not in the object store."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap

from shared.blobs import BlobRef, BlobStore
from tests.support.files import files_in

PLAIN = b"\xff\xd8\xff\xe0 somebody's identity " * 1000


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    return BlobStore((tmp_path / "a b%c").as_uri() if request.param == "file" else "memory:///")


def test_stored_bytes_can_be_read(store: BlobStore) -> None:
    ref = store.put_now("documents/one", PLAIN)
    assert store.get_now(BlobRef.parse(ref.dump())) == PLAIN


def test_bytes_on_disk_are_encrypted(tmp_path: Path) -> None:
    BlobStore(tmp_path.as_uri()).put_now("documents/one", PLAIN)
    stored = (tmp_path / "documents" / "one").read_bytes()
    assert b"identity" not in stored
    assert PLAIN[:4] not in stored


def test_each_blob_has_its_own_key(store: BlobStore) -> None:
    assert store.put_now("one", PLAIN).encryption_key != store.put_now("two", PLAIN).encryption_key


def test_a_blob_that_is_copied_to_another_path_cannot_be_read_there(tmp_path: Path) -> None:
    store = BlobStore(tmp_path.as_uri())
    one = store.put_now("one", PLAIN)
    store.put_now("two", PLAIN)
    (tmp_path / "two").write_bytes((tmp_path / "one").read_bytes())
    assert store.get_now(one) == PLAIN
    with pytest.raises(InvalidTag):
        store.get_now(BlobRef("two", one.encryption_key))


def test_a_modified_blob_cannot_be_read(tmp_path: Path) -> None:
    store = BlobStore(tmp_path.as_uri())
    one = store.put_now("one", PLAIN)
    stored = (tmp_path / "one").read_bytes()
    (tmp_path / "one").write_bytes(stored[:-1] + bytes([stored[-1] ^ 1]))  # never the byte that was there
    with pytest.raises(InvalidTag):
        store.get_now(one)


def test_deleting_a_blob_twice_is_no_error(store: BlobStore) -> None:
    ref = store.put_now("documents/one", PLAIN)
    store.delete_now(["documents/one", "documents/one"])
    with pytest.raises(FileNotFoundError):
        store.get_now(ref)


def test_a_master_key_wraps_encryption_keys_and_can_be_replaced(tmp_path: Path) -> None:
    url, first, second = tmp_path.as_uri(), bytes(32), bytes(range(32))
    plain, old, new = BlobStore(url), BlobStore(url, None, [first]), BlobStore(url, None, [second, first])
    bare, wrapped = (
        plain.put_now("documents/a", b"without master key"),
        old.put_now("documents/b", b"with first master key"),
    )
    assert len(wrapped.encryption_key) == 40
    assert new.get_now(bare) == b"without master key"
    assert new.get_now(wrapped) == b"with first master key"
    for without in (plain, BlobStore(url, None, [second])):
        with pytest.raises(InvalidUnwrap):
            without.get_now(wrapped)


def test_temporary_files_of_killed_processes_are_removed(tmp_path: Path) -> None:
    store = BlobStore(tmp_path.as_uri())
    ref = store.put_now("documents/job.file", PLAIN)
    for name in ("documents/job.file#1", "results/job.token#2"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"incomplete")
    now = datetime.now(UTC)
    assert store.remove_unfinished_now(now - timedelta(minutes=1)) == 0
    assert store.remove_unfinished_now(now + timedelta(minutes=1)) == 2
    assert store.get_now(ref) == PLAIN
    assert [path.name for path in files_in(tmp_path)] == ["job.file"]
    assert BlobStore("memory:///").remove_unfinished_now(now) == 0
