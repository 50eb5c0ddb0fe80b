"""Processes killed in the middle of work: every accepted job still ends, once, and nobody restarts anything by hand."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest

from tests.compose import card, jpeg
from tests.servers import System, running

JOBS = 120
LEASE = 5
RECOVERY = 45  # seconds


def processes(system: System, words: str) -> list[psutil.Process]:
    tree = psutil.Process(system.process.pid).children(recursive=True)
    return [process for process in tree if words in " ".join(process.cmdline())]


def kill_pool_processes(system: System) -> None:
    main = min(processes(system, "-m worker"), key=psutil.Process.create_time)
    for child in main.children():
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


@pytest.mark.parametrize("kill", [kill_pool_processes, kill_whole_worker, kill_server, kill_api])
def test_accepted_jobs_end_once_though_a_process_is_killed(tmp_path: Path, kill: Callable[[System], None]) -> None:
    document = jpeg(card())
    with (
        running(["app.py"], tmp_path / "log", data_dir=tmp_path / "data", job_lease=LEASE) as system,
        httpx.Client(base_url=system.url, timeout=30) as client,
    ):
        accepted = []
        for number in range(JOBS):
            if number == JOBS // 2:
                kill(system)
            try:
                answer = client.post("/jobs/extract-face", files={"file": document})
            except httpx.TransportError:
                continue  # refused, and the client knows
            if answer.status_code == 202:
                accepted.append(answer.headers["location"])
        assert len(accepted) >= JOBS // 2
        ends = wait_for_all(client, accepted)
    assert ends == {"succeeded": len(accepted)}


def wait_for_all(client: httpx.Client, locations: list[str]) -> Counter[str]:
    ends: Counter[str] = Counter()
    left, deadline = set(locations), time.monotonic() + RECOVERY
    while left:
        assert time.monotonic() < deadline, f"{len(left)} of {len(locations)} jobs have not ended"
        for location in sorted(left):
            try:
                answer = client.get(location)
            except httpx.TransportError:
                break
            if answer.status_code == 503:
                break
            assert answer.status_code == 200
            status = answer.json()["status"]
            if status in {"succeeded", "failed", "cancelled"}:
                ends[status] += 1
                left.discard(location)
        time.sleep(0.2)
    return ends
