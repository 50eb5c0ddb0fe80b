"""Starting and stopping: one clear line when something is wrong, nothing left running, no job left behind."""

import os
import shutil
import signal
import socket
import time
from pathlib import Path

import httpx
import psutil
import pytest
from redis import Redis

from tests.compose import card, jpeg
from tests.servers import System, free_port, running, start
from worker.vision import models


def processes_of(system: System) -> list[psutil.Process]:
    """List the processes of the system's tree, from the one that was started."""
    root = psutil.Process(system.process.pid)
    return [root, *root.children(recursive=True)]


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [process for process in processes if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


def failure(system: System) -> str:
    """Wait for a program that must fail, and return the one line that it says."""
    assert system.process.wait(30) not in {0, None}
    (line,) = system.log.read_text().splitlines()
    return line


def test_ctrl_c_stops_every_process_and_a_second_start_takes_up_the_jobs(tmp_path: Path) -> None:
    log, data = tmp_path / "log", tmp_path / "data"
    with running(["app.py"], log, data_dir=data, worker_processes=1) as first:
        processes = processes_of(first)
        workers = [process for process in processes if process.cmdline()[1:] == ["-m", "worker"]]
        assert len(processes) == 5  # supervisor, server, API, worker and its child
        for worker in workers:
            worker.suspend()  # so that jobs are left behind
        posts = [httpx.post(f"{first.url}/jobs/extract-face", files={"file": jpeg(card())}) for _ in range(3)]
        locations = [post.headers["location"] for post in posts]
        assert all(httpx.get(first.url + location).json()["status"] == "queued" for location in locations)
        os.killpg(first.process.pid, signal.SIGINT)
        for worker in workers:
            worker.kill()
        first.process.wait(45)
        assert alive(processes) == []
    with running(["app.py"], log, data_dir=data) as second:
        processes = processes_of(second)
        deadline = time.monotonic() + 60
        while any(httpx.get(second.url + location).json()["status"] != "succeeded" for location in locations):
            assert time.monotonic() < deadline
            time.sleep(0.2)
    assert alive(processes) == []
    assert log.read_text().count("Ready: http://127.0.0.1:") == 2


def test_a_port_in_use_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = failure(start(["app.py"], tmp_path / "log", data_dir=tmp_path / "data", port=port))
    assert str(port) in line
    assert "in use" in line


def test_a_corrupt_model_is_said_in_one_line(tmp_path: Path) -> None:
    prepared = models.load(tmp_path / "models")
    prepared.encoder.write_bytes(prepared.encoder.read_bytes()[:-1])
    line = failure(start(["app.py"], tmp_path / "log", data_dir=tmp_path / "data", model_dir=tmp_path / "models"))
    assert "corrupt" in line
    assert prepared.encoder.name in line


def test_a_missing_model_is_said_in_one_line(tmp_path: Path) -> None:
    models.load(tmp_path / "models").detector.unlink()
    line = failure(start(["app.py"], tmp_path / "log", data_dir=tmp_path / "data", model_dir=tmp_path / "models"))
    assert "centerface.onnx" in line


def test_a_data_directory_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    line = failure(start(["app.py"], tmp_path / "log", data_dir=tmp_path / "file" / "data"))
    assert "cannot be written" in line


def test_a_second_instance_on_one_data_directory_is_refused(system: System, tmp_path: Path) -> None:
    line = failure(start(["app.py"], tmp_path / "log", data_dir=system.environment["DATA_DIR"]))
    assert "in use by another instance" in line


@pytest.mark.parametrize("module", ["api", "worker"])
def test_without_redis_url_api_and_worker_say_so_in_one_line(tmp_path: Path, module: str) -> None:
    assert "REDIS_URL" in failure(start(["-m", module], tmp_path / "log"))


def test_a_setting_that_cannot_be_is_said_and_ends_the_start(tmp_path: Path) -> None:
    system = start(["app.py"], tmp_path / "log", max_pages="many")
    assert system.process.wait(30) != 0
    assert "max_pages" in system.log.read_text()


def test_uvicorn_serves_app_py_with_everything_embedded(tmp_path: Path) -> None:
    port = free_port()
    command = ["-m", "uvicorn", "app:app", "--port", str(port)]
    with running(command, tmp_path / "log", data_dir=tmp_path / "data", port=port) as system:
        processes = processes_of(system)
        assert httpx.post(f"{system.url}/extract-face", files={"file": jpeg(card())}, timeout=30).status_code == 200
    assert alive(processes) == []


@pytest.mark.parametrize("worker", [["-m", "worker"], ["-m", "celery", "-A", "worker.app", "worker"]])
def test_api_and_worker_meet_at_redis_url(valkey_url: str, tmp_path: Path, worker: list[str]) -> None:
    with Redis.from_url(valkey_url) as redis:
        redis.flushall()
    shared = {"redis_url": valkey_url, "data_dir": tmp_path / "data", "worker_processes": 1}
    consumer = start(worker, tmp_path / "worker.log", **shared)
    try:
        with running(["-m", "api"], tmp_path / "api.log", **shared) as api:
            assert httpx.post(f"{api.url}/extract-face", files={"file": jpeg(card())}, timeout=30).status_code == 200
        shutil.rmtree(tmp_path / "data")
    finally:
        consumer.interrupt()


def test_without_a_worker_the_api_is_live_but_not_ready_and_a_wait_runs_out(valkey_url: str, tmp_path: Path) -> None:
    with Redis.from_url(valkey_url) as redis:
        redis.flushall()
    shared = {"redis_url": valkey_url, "data_dir": tmp_path / "data"}
    api = start(["-m", "api"], tmp_path / "api.log", **shared, wait_timeout=1)
    try:
        api.wait_until_live()
        assert httpx.get(f"{api.url}/health/ready").status_code == 503
        answer = httpx.post(f"{api.url}/extract-face", files={"file": jpeg(card())})
        assert answer.status_code == 504
        assert answer.json()["code"] == "wait_timeout"
        location = answer.headers["location"]
        assert httpx.get(api.url + location).json()["status"] == "queued"
        worker = start(["-m", "worker"], tmp_path / "worker.log", **shared, worker_processes=1)
        try:
            api.wait_until_ready()
            assert httpx.get(api.url + location, params={"wait": 30}, timeout=60).json()["status"] == "succeeded"
        finally:
            worker.interrupt()
    finally:
        api.interrupt()
