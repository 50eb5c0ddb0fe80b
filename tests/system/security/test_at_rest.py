"""Documents on disk are unreadable without the job's record, and are deleted when the job has ended."""

import base64
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from redis import Redis

from shared.jobs import RedisKeys
from tests.support.compose import FILE_STARTS, card, jpeg, pdf
from tests.support.eventually import eventually
from tests.support.files import files_in
from tests.support.servers import System, client_of, running
from tests.system.job_batch import processes

PIECE = 48  # bytes of a document, long enough to be unique
MASTER_KEY = base64.b64encode(bytes(range(32))).decode()
NAME = "passport-of-nomvula-dlamini.jpg"


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    home = tmp_path_factory.mktemp("rest")
    settings = {"data_dir": home / "data", "worker_processes": 1, "master_key": MASTER_KEY, "log_format": "json"}
    with running(["app.py"], home / "log", tmpdir=home, **settings) as system:
        yield system


def home(system: System) -> Path:
    return Path(system.environment["DATA_DIR"])


def redis(system: System) -> "Redis":
    return Redis(unix_socket_path=str(home(system) / "valkey.sock"))


def pieces(*documents: bytes) -> list[bytes]:
    """Cut documents into samples."""
    return [data[at : at + PIECE] for data in documents for at in range(0, len(data) - PIECE, 4096)]


def files(system: System) -> dict[Path, bytes]:
    """Read every file in the data directory and in the directory of temporary files, including a dump of Redis."""
    with redis(system) as server:
        server.execute_command("SAVE")
    found: dict[Path, bytes] = {}
    for path in files_in(home(system).parent):
        with suppress(FileNotFoundError):  # a file can be deleted meanwhile
            found[path] = path.read_bytes()
    assert any(path.suffix == ".rdb" for path in found)
    return found | deleted_files(system)


def test_no_file_contains_a_readable_document_or_portrait(system: System) -> None:
    documents = [jpeg(card()), pdf(card()), jpeg(card("astronaut"))]
    (worker,) = processes(system, "-m worker")[:1]
    tree = [worker, *worker.children()]
    for process in tree:
        process.suspend()
    with client_of(system.url) as client:
        ids = [client.post("/jobs/extract-face", files={"file": (NAME, data)}).json()["id"] for data in documents]
        waiting = files(system)
        assert sum("documents" in path.parts for path in waiting) == len(documents)  # the documents are stored
        assert_unreadable(waiting, documents)
        for process in tree:
            process.resume()
        responses = [client.get(f"/jobs/{job_id}", params={"wait": 60}).json() for job_id in ids]
    portraits = [base64.b64decode(job["result"]["face_image"].partition(",")[2]) for job in responses]
    assert all(data.startswith(FILE_STARTS) for data in documents + portraits)
    # The response may arrive before the worker has deleted the document.
    eventually(lambda: not files_in(home(system) / "blobs" / "documents"))
    ended = files(system)
    assert not any("documents" in path.parts for path in ended)
    assert_unreadable(ended, documents + portraits + [base64.b64encode(portrait) for portrait in portraits])


def assert_unreadable(found: dict[Path, bytes], secrets: list[bytes]) -> None:
    samples = [*pieces(*secrets), NAME.encode()]
    for path, content in found.items():
        assert not any(sample in content for sample in samples), path
        assert not any(magic in content for magic in FILE_STARTS), path


def deleted_files(system: System) -> dict[Path, bytes]:
    """Read the deleted files that processes still have open."""
    found: dict[Path, bytes] = {}
    for process in psutil.Process(system.process.pid).children(recursive=True):
        for descriptor in Path(f"/proc/{process.pid}/fd").glob("*"):
            with suppress(FileNotFoundError):
                if "(deleted)" in str(descriptor.readlink()) and descriptor.is_file():
                    found[descriptor] = descriptor.read_bytes()
    return found


def test_the_content_of_redis_cannot_decrypt_the_object_store(system: System) -> None:
    """The master key is neither in Redis nor in the object store."""
    job_id = httpx.post(f"{system.url}/jobs/extract-face", files={"file": jpeg(card())}, timeout=60).json()["id"]
    httpx.get(f"{system.url}/jobs/{job_id}?wait=30", timeout=60)
    with redis(system) as server:
        result = server.hget(RedisKeys().job(job_id), "result")
    assert isinstance(result, bytes)
    assert len(base64.b64decode(result.split(b" ")[1])) == 40  # a wrapped key: RFC 3394 adds eight bytes


def test_an_erased_job_is_unreadable_at_once_and_its_blobs_are_deleted(system: System) -> None:
    with client_of(system.url) as client:
        job_id = client.post("/jobs/extract-face", files={"file": jpeg(card())}).json()["id"]
        assert client.get(f"/jobs/{job_id}", params={"wait": 60}).json()["status"] == "succeeded"
        assert client.delete(f"/jobs/{job_id}").status_code == 204
        assert client.get(f"/jobs/{job_id}").status_code == 404
        with redis(system) as server:
            assert not server.exists(RedisKeys().job(job_id))
        blobs = home(system) / "blobs"
        eventually(lambda: not any(job_id in path.name for path in files_in(blobs)), waiting_for="blobs to be deleted")


def audit(system: System, **what: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (home(system) / "audit.log").read_text().splitlines()]
    return [line for line in lines if what.items() <= line.items()]


def audited(system: System, job_id: str) -> list[tuple[str, str]]:
    return sorted((line["action"], line["outcome"]) for line in audit(system, job_id=job_id))


def test_the_audit_log_contains_the_outcome_and_no_content_of_a_document(system: System) -> None:
    with httpx.Client(base_url=system.url, timeout=60, headers={"x-request-id": "audited"}) as client:
        job_id = client.post("/jobs/extract-face", files={"file": (NAME, jpeg(card()))}).json()["id"]
        client.get(f"/jobs/{job_id}", params={"wait": 60})
        client.delete(f"/jobs/{job_id}")
        client.post("/extract-face", files={"file": (NAME, b"nothing")})
    # The worker may write its line after the client has its response.
    expected = [("end", "succeeded"), ("erase", "done"), ("read", "done"), ("submit", "accepted")]
    eventually(lambda: audited(system, job_id) == expected, waiting_for=str(expected))
    assert [line["outcome"] for line in audit(system, request_id="audited", action="submit")] == [
        "accepted",
        "unsupported_format",
    ]
    assert all(line["at"].endswith("Z") for line in audit(system))
    assert NAME not in (home(system) / "audit.log").read_text()


def test_a_rotated_audit_log_is_created_again(system: System) -> None:
    log = home(system) / "audit.log"
    log.rename(log.with_suffix(".1"))
    httpx.post(f"{system.url}/extract-face", files={"file": b"nothing"}, timeout=60)
    assert [line["action"] for line in audit(system)] == ["submit"]
    assert log.stat().st_mode & 0o077 == 0
