"""Metrics of ended processes are kept, and the number of files stays limited."""

import os
import subprocess
import sys
from pathlib import Path

from shared.metrics.processes import ProcessesCollector
from tests.support.servers import ROOT

COUNT = """
from prometheus_client import Counter, Histogram
Counter("documents", "Documents.", ["kind"]).labels("card").inc({count})
Histogram("seconds", "Seconds.", buckets=[1, 2]).observe({count})
{then}
"""


def started(directory: Path, count: int, then: str = "") -> subprocess.Popen[str]:
    """Start a process that counts and then runs further code."""
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(directory)}
    command = [sys.executable, "-c", COUNT.format(count=count, then=then)]
    return subprocess.Popen(
        command, env=environment, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def count_and_end(directory: Path, count: int) -> None:
    with started(directory, count) as process:
        process.communicate()
    assert process.returncode == 0


def figures(directory: Path) -> dict[str, float]:
    metrics = ProcessesCollector(directory).collect()
    return {
        f"{sample.name}{sample.labels.get('le', '')}": sample.value for metric in metrics for sample in metric.samples
    }


def test_metrics_of_ended_processes_are_merged_into_one_file_of_each_kind(tmp_path: Path) -> None:
    for count in (1, 2, 3):
        count_and_end(tmp_path, count)
    expected = {"documents_total": 6, "seconds_sum": 6, "seconds_count": 3, "seconds_bucket1.0": 1}
    for _ in range(2):
        assert expected.items() <= figures(tmp_path).items()
        assert {path.name for path in tmp_path.glob("*.db")} == {"counter_0.db", "histogram_0.db"}
    count_and_end(tmp_path, 4)
    assert figures(tmp_path)["documents_total"] == 10


def test_files_of_running_processes_are_not_merged(tmp_path: Path) -> None:
    with started(tmp_path, 5, "print(flush=True); input()") as living:
        assert living.stdout is not None
        living.stdout.readline()
        assert figures(tmp_path)["documents_total"] == 5
        assert (tmp_path / f"counter_{living.pid}.db").exists()
        living.communicate("\n")
    assert figures(tmp_path)["documents_total"] == 5
    assert not (tmp_path / f"counter_{living.pid}.db").exists()


def test_a_file_with_an_unexpected_name_is_ignored_at_startup() -> None:
    memory = Path("/dev/shm")  # noqa: S108 - the location of the metrics directories
    stray = (memory if memory.is_dir() else Path("/tmp")) / f"nsfas-metrics-{os.getuid()}-stray"  # noqa: S108
    environment = {name: value for name, value in os.environ.items() if name != "PROMETHEUS_MULTIPROC_DIR"}
    stray.touch()
    try:
        subprocess.run(
            [sys.executable, "-c", "import shared.metrics.multiprocess"], cwd=ROOT, env=environment, check=True
        )
    finally:
        stray.unlink()
