"""Faults of processes: whatever is killed or goes away, every accepted job ends, once, and nobody restarts anything.

docs/reliability.md lists them with what a client sees; each test prints how long the recovery took.
"""

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.servers import System, running
from tests.system.faults import DOCUMENT, Jobs, processes

JOBS = 120
RECOVERY = 45  # seconds
AWAY = 60  # seconds


def kill_pool_processes(system: System) -> None:
    _, *children = processes(system, "-m worker")
    for child in children:
        child.kill()


def kill_whole_worker(system: System) -> None:
    for process in processes(system, "-m worker"):
        process.kill()


def kill_server(system: System) -> None:
    (server,) = processes(system, "valkey-server")
    server.kill()


def kill_api(system: System) -> None:
    (api,) = processes(system, "-m api")
    api.kill()


def kill_everything(system: System) -> None:
    for process in processes(system, ""):
        process.kill()


@pytest.mark.parametrize(
    "kill",
    [kill_pool_processes, kill_whole_worker, kill_server, kill_api, kill_everything],
    ids=lambda kill: kill.__name__,
)
def test_accepted_jobs_end_once_though_processes_are_killed(tmp_path: Path, kill: Callable[[System], None]) -> None:
    with running(["app.py"], tmp_path / "log", data_dir=tmp_path / "data") as system:
        jobs = Jobs(system.url)
        jobs.submit(JOBS, each=lambda number: kill(system) if number == JOBS // 2 else None)
        assert len(jobs.accepted) >= JOBS // 2
        print(f"{kill.__name__}: all ended {jobs.wait(RECOVERY):.1f} s after the last was submitted")
        assert jobs.ends().keys() == {"succeeded"}


@pytest.mark.slow
def test_accepted_jobs_end_once_though_redis_is_away_for_a_minute(tmp_path: Path) -> None:
    with running(["app.py"], tmp_path / "log", data_dir=tmp_path / "data") as system:
        jobs = Jobs(system.url)
        jobs.submit(JOBS)
        (server,) = processes(system, "valkey-server")
        server.suspend()
        back = time.monotonic() + AWAY
        answer = httpx.post(f"{system.url}/jobs/extract-face", files={"file": DOCUMENT}, timeout=60)
        assert answer.status_code == 503
        assert answer.json()["code"] == "unavailable"
        assert httpx.get(f"{system.url}/health/live").status_code == 200
        assert httpx.get(f"{system.url}/health/ready", timeout=60).status_code == 503
        time.sleep(max(0, back - time.monotonic()))
        server.resume()
        print(f"redis away: all ended {jobs.wait(30):.1f} s after its return")
        assert jobs.ends() == {"succeeded": JOBS}


def test_a_wrapper_waits_through_a_restart_of_redis(tmp_path: Path) -> None:
    with running(["app.py"], tmp_path / "log", data_dir=tmp_path / "data", worker_processes=1) as system:
        worker = processes(system, "-m worker")
        for process in worker:
            process.suspend()
        with ThreadPoolExecutor() as pool:
            post = pool.submit(httpx.post, f"{system.url}/extract-face", files={"file": DOCUMENT}, timeout=60)
            while httpx.get(f"{system.url}/stats").json()["queues"]["interactive"]["waiting"] == 0:
                time.sleep(0.05)
            kill_server(system)
            for process in worker:
                process.resume()
            assert post.result().status_code == 200


def test_a_worker_that_is_told_to_stop_finishes_what_it_is_at(tmp_path: Path) -> None:
    with running(["app.py"], tmp_path / "log", data_dir=tmp_path / "data", worker_processes=2) as system:
        jobs = Jobs(system.url)
        jobs.submit(JOBS)
        processes(system, "-m worker")[0].send_signal(signal.SIGTERM)
        jobs.wait(RECOVERY)
        assert jobs.ends() == {"succeeded": JOBS}
        lines = jobs.client.get(f"/batches/{jobs.name}/results").text
        assert '"attempts": 2' not in lines
