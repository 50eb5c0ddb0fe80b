"""Decompression bombs in the whole system: bounded time, bounded memory, and no effect on other jobs."""

import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from shared.settings import Settings
from tests.support.bombs import BOMBS, MEGABYTE, zeros
from tests.support.examples import extraction_file
from tests.support.servers import System, running
from tests.system.job_batch import processes

UNPACKED = 256 * MEGABYTE
MOST = 40
"""Maximum processor time for one bomb, as a multiple of the time to unpack ``UNPACKED`` zeros on the same machine."""

PATIENT, SHORT = 120, 3
"""Job time limits: one that no bomb may reach even on a busy machine, and one that stops endless bombs."""

HEAVIEST = {
    "AVIF, 64 megapixels",
    "HEIC, 64 megapixels",
    "JPEG, 64 megapixels, progressive",
    "PDF, 10,000 pictures",
    "PDF, content of 1 GB",
    "PDF, content of 2 GB, packed twice",
    "PDF, picture of 64 megapixels, 16 bits",
    "PNG, 64 megapixels RGBA, 16 bits",
    "PNG, 64 megapixels grey, 16 bits",
    "TIFF, 64 megapixels",
}
"""Bombs that take two seconds or more, except a PNG, so that `make test` has one."""

ENDLESS = {name for name, (_, codes) in BOMBS.items() if "timed_out" in codes}
"""Bombs that the time limit may stop."""

LOADED = 300 * MEGABYTE
"""Memory of a process before it reads a document; see docs/performance.md."""

MEMORY = Settings.model_fields["document_memory"].default


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    yield from system_with(PATIENT, tmp_path_factory.mktemp("patient"))


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    yield from system_with(SHORT, tmp_path_factory.mktemp("short"))


def system_with(time_limit: int, home: Path) -> Iterator[System]:
    settings = {"job_time_limit": time_limit, "wait_timeout": 2 * PATIENT, "worker_processes": 1}
    with running(["app.py"], home / "log", data_dir=home / "data", **settings) as system:
        yield system


@pytest.fixture(scope="module")
def unit() -> float:
    """Return the processor time of unpacking zeros, in seconds."""
    packed, unpacker, size = zeros(UNPACKED), zlib.decompressobj(), 0
    started = time.process_time()
    while packed:
        size += len(unpacker.decompress(packed, MEGABYTE))
        packed = unpacker.unconsumed_tail
    assert size == UNPACKED
    return time.process_time() - started


@pytest.mark.parametrize("times", [1, 2])
def test_packed_zeros_are_unpacked_to_their_size(times: int) -> None:
    data = zeros(3 * MEGABYTE + 1, times)
    for _ in range(times):
        data = zlib.decompress(data)
    assert data == bytes(4 * MEGABYTE)


def pool(system: System) -> psutil.Process:
    """Return the pool process, the only child of the worker."""
    (worker,) = processes(system, "-m worker")[:1]
    return worker.children()[0]


def peak(process: psutil.Process) -> int:
    """Return the peak memory of a process in bytes since the last reset; 0 if the system does not provide it."""
    status = Path(f"/proc/{process.pid}/status")
    if not status.exists():
        return 0
    return int(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1]) * 1024


def reset_peak(process: psutil.Process) -> None:
    references = Path(f"/proc/{process.pid}/clear_refs")
    if references.exists():
        references.write_text("5")


def extract(system: System, data: bytes) -> httpx.Response:
    return httpx.post(f"{system.url}/extract-face", files={"file": data}, timeout=3 * PATIENT)


@pytest.mark.timeout(4 * PATIENT)
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow) if name in HEAVIEST else name
        for name in sorted(BOMBS.keys() - ENDLESS)
    ],
)
def test_a_bomb_takes_bounded_time_and_memory_and_affects_no_other_job(patient: System, unit: float, name: str) -> None:
    make, codes = BOMBS[name]
    data = make()
    assert len(data) < 10 * MEGABYTE
    process = pool(patient)
    reset_peak(process)
    before = process.cpu_times()
    response = extract(patient, data)
    after = process.cpu_times()
    seconds = after.user + after.system - before.user - before.system
    code, most = response.json()["code"], peak(process)
    print(f"| {name} | {len(data) / 1000:,.0f} KB | `{code}` | {seconds:.1f} s | {most / MEGABYTE:.0f} MB |")
    assert response.status_code in {400, 404}
    assert code in codes
    assert seconds < MOST * unit
    assert most < LOADED + MEMORY
    assert extract(patient, extraction_file()).status_code == 200
    assert pool(patient).pid == process.pid


@pytest.mark.slow
@pytest.mark.timeout(4 * PATIENT)
@pytest.mark.parametrize("name", sorted(ENDLESS))
def test_an_endless_bomb_is_stopped_at_the_time_limit_and_affects_no_other_job(short: System, name: str) -> None:
    make, codes = BOMBS[name]
    data = make()
    assert len(data) < 10 * MEGABYTE
    process = pool(short)
    reset_peak(process)
    response = extract(short, data)
    code = response.json()["code"]
    most = peak(process) if process.is_running() else 0
    seconds = response.elapsed.total_seconds()
    print(f"| {name} | {len(data) / 1000:,.0f} KB | `{code}` | {seconds:.1f} s | {most / MEGABYTE:.0f} MB |")
    assert response.status_code in {400, 404}
    assert code in codes
    assert (
        response.elapsed.total_seconds() < PATIENT
    )  # forty times the limit, because a busy machine is slow to end a process
    assert most < LOADED + MEMORY
    assert extract(short, extraction_file()).status_code == 200


@pytest.mark.slow
def test_a_document_that_exceeds_the_memory_limit_fails_and_its_process_continues(tmp_path: Path) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("the memory limit exists on Linux only")
    limits = {"document_memory": 100 * MEGABYTE, "job_time_limit": PATIENT, "wait_timeout": 2 * PATIENT}
    settings = {"data_dir": tmp_path / "data", "worker_processes": 1, **limits}
    with running(["app.py"], tmp_path / "log", **settings) as system:
        process = pool(system)
        for name in ("PNG, 64 megapixels RGB", "PNG, 64 megapixels RGBA, 16 bits"):
            response = extract(system, BOMBS[name][0]())
            assert response.status_code == 400
            assert response.json()["code"] == "document_too_complex"
        assert extract(system, extraction_file()).status_code == 200
        assert pool(system).pid == process.pid
