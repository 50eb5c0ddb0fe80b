"""Bombs, through the whole system: each is answered soon, takes a bounded memory, and harms nobody else."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from shared.settings import Settings
from tests.bombs import BOMBS, MEGABYTE
from tests.examples import extraction_file
from tests.servers import System, running
from tests.system.faults import processes

TIME_LIMIT = 8  # seconds
LONGEST = TIME_LIMIT + 10
"""Seconds: the time limit, the stint, the grace, and the start of another process."""

LOADED = 300 * MEGABYTE
"""What a process holds before it reads anything; see Performance in the README."""

MEMORY = Settings.model_fields["document_memory"].default


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    home = tmp_path_factory.mktemp("bombs")
    settings = {"data_dir": home / "data", "worker_processes": 1, "job_time_limit": TIME_LIMIT}
    with running(["app.py"], home / "log", **settings) as system:
        yield system


def pool(system: System) -> psutil.Process:
    """Return the process that reads documents: the only child of the worker."""
    (worker,) = processes(system, "-m worker")[:1]
    return worker.children()[0]


def peak(process: psutil.Process) -> int:
    """Return the most bytes that a process has held since the peak was set back; 0 where the system does not say."""
    status = Path(f"/proc/{process.pid}/status")
    if not status.exists():
        return 0
    return int(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1]) * 1024


def set_back_peak(process: psutil.Process) -> None:
    references = Path(f"/proc/{process.pid}/clear_refs")
    if references.exists():
        references.write_text("5")


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_costs_a_bounded_time_and_memory_and_harms_nobody(system: System, name: str) -> None:
    make, codes = BOMBS[name]
    data = make()
    assert len(data) < 10 * MEGABYTE
    process = pool(system)
    set_back_peak(process)
    started = time.monotonic()
    answer = httpx.post(f"{system.url}/extract-face", files={"file": data}, timeout=60)
    seconds = time.monotonic() - started
    code = answer.json()["code"]
    most = peak(process) if process.is_running() else 0
    print(f"| {name} | {len(data) / 1000:,.0f} KB | `{code}` | {seconds:.1f} s | {most / MEGABYTE:.0f} MB |")
    assert answer.status_code in {400, 404}
    assert code in codes
    assert seconds < LONGEST
    assert most < LOADED + MEMORY
    assert httpx.post(f"{system.url}/extract-face", files={"file": extraction_file()}, timeout=60).status_code == 200
    assert code == "timed_out" or pool(system).pid == process.pid


def test_a_document_that_needs_more_memory_than_it_may_have_is_refused_and_its_process_goes_on(tmp_path: Path) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("memory is bounded on Linux alone")
    settings = {"data_dir": tmp_path / "data", "worker_processes": 1, "document_memory": 100 * MEGABYTE}
    with running(["app.py"], tmp_path / "log", **settings) as system:
        process = pool(system)
        for name in ("PNG, 64 megapixels RGB", "PNG, 64 megapixels RGBA, 16 bits"):
            answer = httpx.post(f"{system.url}/extract-face", files={"file": BOMBS[name][0]()}, timeout=60)
            assert answer.status_code == 400
            assert answer.json()["code"] == "document_too_complex"
        ordinary = httpx.post(f"{system.url}/extract-face", files={"file": extraction_file()}, timeout=60)
        assert ordinary.status_code == 200
        assert pool(system).pid == process.pid
