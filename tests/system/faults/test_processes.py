"""Faults of processes: every accepted job ends exactly once, and the system recovers without an operator.

docs/reliability.md lists the faults and their effects on clients. Each test prints how long the recovery took.
"""

import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from redis import Redis

from tests.support.eventually import eventually
from tests.support.servers import STOP_TIMEOUT, System, running
from tests.system.job_batch import DOCUMENT, RECOVERY, Jobs, processes, suspended_during_a_job

JOBS = 120
SCANS = 6
AWAY = 60  # seconds


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Run one system for all faults. It must recover from each fault before the next."""
    home = tmp_path_factory.mktemp("faults")
    with running(["app.py"], home / "log", data_dir=home / "data", worker_processes=2, wait_timeout=RECOVERY) as system:
        yield system


@pytest.fixture(autouse=True)
def _ready(system: System) -> None:
    system.wait_until_ready()


def kill_pool_processes(system: System) -> None:
    _, *children = processes(system, "-m worker")
    for child in children:
        child.kill()


def kill_whole_worker(system: System) -> None:
    for process in processes(system, "-m worker"):
        process.kill()


def wait_until_written(system: System) -> None:
    """Wait until the server has written its data to disk. A busy disk can delay this by 2 s."""
    with Redis(unix_socket_path=str(Path(system.environment["DATA_DIR"]) / "valkey.sock")) as redis:
        eventually(lambda: redis.info("persistence")["aof_buffer_length"] == 0)


def kill_server(system: System) -> None:
    (server,) = processes(system, "valkey-server")
    wait_until_written(system)
    server.kill()


def kill_api(system: System) -> None:
    (api,) = processes(system, "-m api")
    api.kill()


SINGLE_PROGRAMS = (kill_pool_processes, kill_whole_worker, kill_server, kill_api)


def kill_everything(system: System) -> None:
    wait_until_written(system)
    for process in processes(system, ""):
        process.kill()


@pytest.mark.parametrize(
    "kill",
    [
        *(pytest.param(kill, marks=pytest.mark.slow) for kill in SINGLE_PROGRAMS),
        kill_everything,
    ],
    ids=lambda kill: kill.__name__,
)
def test_accepted_jobs_end_once_even_if_processes_are_killed(system: System, kill: Callable[[System], None]) -> None:
    jobs = Jobs(system.url, kill.__name__)
    jobs.submit(JOBS, each=lambda number: kill(system) if number == JOBS // 2 else None)
    assert len(jobs.accepted) >= JOBS // 2
    print(f"{kill.__name__}: all ended {jobs.wait():.1f} s after the last was submitted")
    assert jobs.ends().keys() == {"succeeded"}


@pytest.mark.slow
def test_accepted_jobs_end_once_even_if_redis_is_unavailable_for_a_minute(system: System) -> None:
    jobs = Jobs(system.url, "away")
    jobs.submit(JOBS)
    (server,) = processes(system, "valkey-server")
    server.suspend()
    back = time.monotonic() + AWAY
    answer = httpx.post(f"{system.url}/jobs/extract-face", files={"file": DOCUMENT}, timeout=60)
    assert answer.status_code == 503
    assert answer.json()["code"] == "unavailable"
    assert httpx.get(f"{system.url}/health/live", timeout=60).status_code == 200
    assert httpx.get(f"{system.url}/health/ready", timeout=60).status_code == 503
    time.sleep(max(0, back - time.monotonic()))
    server.resume()
    print(f"redis unavailable: all ended {jobs.wait():.1f} s after its recovery")
    assert jobs.ends() == {"succeeded": JOBS}


def accepted(system: System) -> str:
    """Return the API's log lines about accepted jobs, with their request ids."""
    return "\n".join(line for line in system.log.read_text().splitlines() if "job accepted" in line)


def test_a_synchronous_request_continues_to_wait_when_redis_restarts(system: System) -> None:
    worker = processes(system, "-m worker")
    for process in worker:
        process.suspend()

    def wait() -> int:
        files, headers = {"file": DOCUMENT}, {"X-Request-ID": "restart-1"}
        return httpx.post(f"{system.url}/extract-face", files=files, headers=headers, timeout=RECOVERY).status_code

    with ThreadPoolExecutor() as pool:
        status = pool.submit(wait)
        # Until the API has logged this line, it still needs Redis to accept the document.
        eventually(lambda: "restart-1" in accepted(system))
        kill_server(system)
        for process in worker:
            process.resume()
        assert status.result() == 200


def test_a_stopping_worker_finishes_its_running_jobs(system: System) -> None:
    jobs = Jobs(system.url, "stopped")
    worker, *pool = processes(system, "-m worker")
    before = len(system.log.read_text())
    with suspended_during_a_job(pool, jobs, SCANS):
        worker.send_signal(signal.SIGTERM)
        eventually(lambda: "Warm shutdown" in system.log.read_text()[before:])
    worker.wait(STOP_TIMEOUT)
    jobs.wait()
    assert jobs.ends() == {"succeeded": SCANS}
    lines = jobs.client.get(f"/batches/{jobs.name}/results").text
    assert '"attempts": 2' not in lines
