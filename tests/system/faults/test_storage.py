"""Storage on S3, on a full disk, and in an unavailable object store: no job is lost, and no blob is left."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from moto.server import ThreadedMotoServer

from tests.support.compose import FILE_STARTS
from tests.support.eventually import eventually
from tests.support.servers import free_port, running
from tests.system.job_batch import DOCUMENT, RECOVERY, Jobs, processes

BUCKET = "documents"
DISK = 48  # megabytes


@dataclass
class S3:
    """An S3 server that keeps its objects while it is stopped."""

    port: int
    client: Any
    server: ThreadedMotoServer | None = None

    def start(self) -> None:
        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=self.port, verbose=False)
        self.server.start()

    def stop(self) -> None:
        if self.server is not None:
            self.server.stop()
        self.server = None

    def paths(self) -> list[str]:
        return [entry["Key"] for entry in self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])]

    def objects(self) -> dict[str, bytes]:
        return {path: self.client.get_object(Bucket=BUCKET, Key=path)["Body"].read() for path in self.paths()}


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    port = free_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",  # pragma: allowlist secret
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    store = S3(port, boto3.client("s3"))
    store.start()
    store.client.create_bucket(Bucket=BUCKET)
    yield store
    store.stop()


def test_documents_and_results_are_stored_on_s3(s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    settings = {
        "data_dir": tmp_path / "data",
        "storage_url": f"s3://{BUCKET}/nsfas",
        "storage_options": json.dumps({"secret_access_key": "secret"}),
        "worker_processes": 1,
    }
    with running(["app.py"], tmp_path / "log", **settings) as system:
        jobs = Jobs(system.url)
        jobs.submit(10)
        jobs.wait()
        assert jobs.ends() == {"succeeded": 10}
        # The response may arrive before the worker has deleted the document.
        eventually(lambda: len(s3.paths()) == 10, waiting_for="documents to be deleted")
        stored = s3.objects()
        assert {path.split("/")[:2] == ["nsfas", "results"] for path in stored} == {True}
        assert not any(words in data for words in (b"face_image", *FILE_STARTS) for data in stored.values())
        assert list((tmp_path / "data" / "blobs").iterdir()) == []
        for job_id in jobs.accepted:
            jobs.client.delete(f"/jobs/{job_id}")
        eventually(lambda: not s3.paths(), RECOVERY, waiting_for="the results to be deleted")


@pytest.mark.slow
def test_an_unavailable_store_loses_no_job(s3: S3, tmp_path: Path) -> None:
    settings = {"data_dir": tmp_path / "data", "storage_url": f"s3://{BUCKET}/nsfas", "worker_processes": 1}
    with running(["app.py"], tmp_path / "log", **settings) as system:
        jobs = Jobs(system.url)
        jobs.submit(40)
        s3.stop()
        refused = httpx.post(f"{system.url}/jobs/extract-face", files={"file": DOCUMENT}, timeout=60)
        assert refused.status_code == 503
        assert refused.json()["code"] == "unavailable"
        time.sleep(20)  # how long the store is away
        assert "object store failed" in (tmp_path / "log").read_text()
        s3.start()
        print(f"store unavailable: all ended {jobs.wait():.1f} s after its recovery")
        assert jobs.ends() == {"succeeded": 40}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a small disk."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["/bin/mount", "-t", "tmpfs", "-o", f"size={DISK}m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small disk needs more privileges")
    yield folder
    subprocess.run(["/bin/umount", "--lazy", str(folder)], check=True)


@pytest.mark.slow
def test_a_full_disk_rejects_documents_and_loses_no_job(disk: Path, tmp_path: Path) -> None:
    with running(["app.py"], tmp_path / "log", data_dir=disk / "data") as system:
        jobs = Jobs(system.url)
        for process in processes(system, "-m worker"):
            process.suspend()  # no job may end and free space
        jobs.submit(40)
        with (disk / "ballast").open("wb", buffering=0) as ballast, suppress(OSError):
            while ballast.write(bytes(64 * 1024)):
                pass
        statuses = {
            httpx.post(f"{system.url}/jobs/extract-face", files={"file": DOCUMENT}, timeout=60).status_code
            for _ in range(5)
        }
        assert statuses == {503}
        for process in processes(system, "-m worker"):
            process.resume()
        failed = "object store failed"
        eventually(lambda: failed in (tmp_path / "log").read_text(), RECOVERY, waiting_for="a result without space")
        (disk / "ballast").unlink()
        print(f"disk full: all ended {jobs.wait():.1f} s after space was freed")
        assert jobs.ends() == {"succeeded": 40}
        jobs.submit()
        jobs.wait()
        assert len(processes(system, "-m worker")) >= 2
