"""Start and stop: errors are reported in one line, no process is left running, and no job is lost."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest
from redis import Redis

from tests.support.compose import card, jpeg
from tests.support.eventually import eventually
from tests.support.servers import ROOT, START_TIMEOUT, STOP_TIMEOUT, System, free_port, running, start, valkey
from worker.vision.models import weights

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is tested


def processes_of(system: System) -> list[psutil.Process]:
    """Return the processes of the system's tree, starting with the root."""
    root = psutil.Process(system.process.pid)
    return [root, *root.children(recursive=True)]


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [process for process in processes if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


def submit(system: System) -> httpx.Response:
    return httpx.post(f"{system.url}/jobs/extract-face", files={"file": jpeg(card())}, timeout=60)


def failure(system: System) -> str:
    """Wait for a program that must fail, and return its one line of output."""
    assert system.process.wait(STOP_TIMEOUT) not in {0, None}
    (line,) = system.log.read_text().splitlines()
    return line


@pytest.mark.parametrize("module", ["api", "worker", "worker.housekeeping"])
def test_a_redis_that_may_evict_jobs_is_rejected_in_one_line(tmp_path: Path, module: str) -> None:
    with valkey(tmp_path) as url:
        with Redis.from_url(url) as redis:
            redis.config_set("maxmemory-policy", "allkeys-lru")
        program = start(["-m", module], tmp_path / "log", redis_url=url, data_dir=tmp_path / "data")
        assert program.process.wait(STOP_TIMEOUT) == 1
    output = program.log.read_text()
    assert "Traceback" not in output
    last = output.splitlines()[-1]  # Celery may print a warning about running as root first
    assert "maxmemory-policy allkeys-lru" in last
    assert last.endswith("set its maxmemory-policy to noeviction")


def test_invalid_arguments_of_a_worker_are_reported_without_a_traceback(tmp_path: Path) -> None:
    worker = start(["-m", "worker", "--concurrency", "many"], tmp_path / "log", redis_url="redis://127.0.0.1:1/0")
    assert worker.process.wait(STOP_TIMEOUT) == 2
    output = worker.log.read_text()
    assert "'--concurrency'" in output
    assert "'many'" in output
    assert "Traceback" not in output


def test_two_systems_can_share_one_redis(tmp_path: Path) -> None:
    with valkey(tmp_path) as url:
        systems = []
        for namespace in ("one", "two"):
            home = tmp_path / namespace
            home.mkdir()
            shared = {"redis_url": url, "redis_namespace": namespace, "data_dir": home / "data", "worker_processes": 1}
            systems.append(start(["-m", "api"], home / "api.log", **shared))
            if namespace == "two":
                systems.append(start(["-m", "worker"], home / "worker.log", **shared))
        one, two, _ = systems
        try:
            two.wait_until_ready()
            one.wait_until_live()
            waiting = submit(one)
            assert httpx.post(f"{two.url}/extract-face", files={"file": jpeg(card())}, timeout=90).status_code == 200
            assert httpx.get(one.url + waiting.headers["location"], timeout=60).json()["status"] == "queued"
            assert httpx.get(two.url + waiting.headers["location"], timeout=60).status_code == 404
            assert httpx.get(f"{one.url}/stats", timeout=60).json()["workers"] == 0
            with Redis.from_url(url, decode_responses=True) as redis:
                prefixes = {str(key).partition(":")[0] for key in redis.scan_iter()}
            assert prefixes == {"{one}", "{two}"}
        finally:
            for system in systems:
                system.interrupt()


@pytest.mark.slow
def test_ctrl_c_stops_every_process_and_the_next_start_continues_the_jobs(tmp_path: Path) -> None:
    log, data = tmp_path / "log", tmp_path / "data"
    with running(["app.py"], log, data_dir=data, worker_processes=1) as first:
        processes = processes_of(first)
        workers = [process for process in processes if process.cmdline()[1:] == ["-m", "worker"]]
        assert len(processes) == 6  # supervisor, server, API, housekeeping, worker and its child
        for worker in workers:
            worker.suspend()  # so that jobs are left behind
        posts = [submit(first) for _ in range(3)]
        locations = [post.headers["location"] for post in posts]
        assert all(httpx.get(first.url + location, timeout=60).json()["status"] == "queued" for location in locations)
        os.killpg(first.process.pid, signal.SIGINT)
        for worker in workers:
            worker.kill()
        first.process.wait(STOP_TIMEOUT)
        assert alive(processes) == []
    with running(["app.py"], log, data_dir=data, worker_processes=1) as second:
        processes = processes_of(second)
        for location in locations:
            job = httpx.get(second.url + location, params={"wait": 60}, timeout=90).json()
            assert job["status"] == "succeeded"
    assert alive(processes) == []
    assert log.read_text().count("Ready: http://127.0.0.1:") == 2


def test_a_port_in_use_is_reported_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = failure(start(["app.py"], tmp_path / "log", data_dir=tmp_path / "data", port=port))
    assert str(port) in line
    assert "in use" in line


def test_a_corrupt_model_is_reported_in_one_line(tmp_path: Path) -> None:
    prepared = weights.load(tmp_path / "models")
    prepared.sface.write_bytes(prepared.sface.read_bytes()[:-1])
    settings = {"data_dir": tmp_path / "data", "model_dir": tmp_path / "models"}
    line = failure(start(["app.py"], tmp_path / "log", **settings))
    assert "corrupt" in line
    assert prepared.sface.name in line


def test_a_public_api_without_keys_is_rejected_in_one_line(valkey_url: str, tmp_path: Path) -> None:
    settings = {"data_dir": tmp_path / "data", "host": EVERYWHERE, "redis_url": valkey_url}
    system = start(["-m", "api"], tmp_path / "log", **settings)
    assert "no API keys" in failure(system)
    assert system.process.returncode == 1


@pytest.mark.parametrize("module", ["api", "worker"])
def test_a_missing_redis_url_is_reported_in_one_line(tmp_path: Path, module: str) -> None:
    assert "REDIS_URL" in failure(start(["-m", module], tmp_path / "log"))


@pytest.mark.parametrize("program", [["app.py"], ["-m", "api"], ["-m", "worker"]], ids=["app", "api", "worker"])
@pytest.mark.parametrize(("name", "value"), [("max_pages", "many"), ("accepted_formats", "jpeg,gif")])
def test_an_invalid_setting_is_reported_in_one_line(tmp_path: Path, program: list[str], name: str, value: str) -> None:
    assert f"settings: {name}" in failure(start(program, tmp_path / "log", **{name: value}))


def test_uvicorn_serves_app_py_with_everything_embedded(tmp_path: Path) -> None:
    port = free_port()
    command = ["-m", "uvicorn", "app:app", "--port", str(port)]
    with running(command, tmp_path / "log", data_dir=tmp_path / "data", port=port, worker_processes=1) as system:
        processes = processes_of(system)
        options = {"reference": "named-by-the-client"}
        answer = httpx.post(f"{system.url}/extract-face", files={"file": jpeg(card())}, params=options, timeout=90)
        assert answer.status_code == 200
    assert alive(processes) == []
    log = (tmp_path / "log").read_text()
    assert '"POST /extract-face HTTP/1.1" 200' in log
    assert "named-by-the-client" not in log


def test_an_api_is_ready_when_a_worker_consumes(valkey_url: str, tmp_path: Path) -> None:
    shared = {"redis_url": valkey_url, "data_dir": tmp_path / "data"}
    api = start(["-m", "api"], tmp_path / "api.log", **shared)
    try:
        api.wait_until_live()
        assert httpx.get(f"{api.url}/health/ready", timeout=60).status_code == 503
        location = submit(api).headers["location"]
        assert httpx.get(api.url + location, timeout=60).json()["status"] == "queued"
        for command in (["-m", "worker"], ["-m", "celery", "-A", "worker.app", "worker"]):
            worker = start(command, tmp_path / "worker.log", **shared, worker_processes=1)
            try:
                api.wait_until_ready()
                job = httpx.get(api.url + location, params={"wait": 60}, timeout=90).json()
                assert job["status"] == "succeeded"
            finally:
                worker.interrupt()
            # A worker that stops removes its heartbeat, so that the API is not ready.
            eventually(lambda: httpx.get(f"{api.url}/health/ready", timeout=60).status_code == 503)
            location = submit(api).headers["location"]
    finally:
        api.interrupt()


@pytest.mark.parametrize("program", ["worker", "worker.housekeeping"])
def test_the_health_check_passes_while_a_worker_consumes(tmp_path: Path, program: str) -> None:
    command = [sys.executable, "-m", "worker.healthcheck", *program.split(".")[1:]]

    def passes() -> bool:
        own = os.environ | {"TMPDIR": str(tmp_path)}
        return subprocess.run(command, cwd=ROOT, env=own, capture_output=True, check=False).returncode == 0

    with valkey(tmp_path) as url:
        settings = {"redis_url": url, "data_dir": tmp_path / "data", "worker_processes": 1, "tmpdir": tmp_path}
        worker = start(["-m", program], tmp_path / "log", **settings)
        try:
            assert not passes()
            eventually(passes, START_TIMEOUT)
        finally:
            worker.interrupt()
        assert not passes()
