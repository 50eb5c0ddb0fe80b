"""Prometheus metrics summed over all processes of one service, including processes that have ended.

Each process writes its own files, which remain after it ends, since counters must not decrease. Each file makes a
scrape slower, so the files of ended processes are merged into one file of each kind.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prometheus_client.core import Metric
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from shared.metrics.multiprocess import VARIABLE, is_alive

_KINDS = "counter", "histogram"  # the names of the files start with these, followed by a process id
_MmapedDict: Any = MmapedDict  # it has no annotations
_MERGED = 0  # in place of a process id; no process has this id


class ProcessesCollector(Collector):
    """Sums the metrics of all processes.

    Parameters
    ----------
    directory
        Directory of the files.

    """

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory or Path(os.environ[VARIABLE])  # noqa: TID251 - not one of our settings

    def collect(self) -> Iterable[Metric]:
        with _locked(self._directory):
            for kind in _KINDS:
                _merge_ended(self._directory, kind)
            processes: Any = MultiProcessCollector
            return list(processes(None, str(self._directory)).collect())


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Prevent other processes from reading files during a merge, which would count some values twice."""
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # released when the file is closed
        yield


def _merge_ended(directory: Path, kind: str) -> None:
    total = directory / f"{kind}_{_MERGED}.db"
    ended = [path for path in directory.glob(f"{kind}_*.db") if path != total and not is_alive(_process_of(path))]
    if not ended:
        return
    sums: dict[str, tuple[float, float]] = {}
    for path in (total, *ended) if total.exists() else ended:
        for key, value, timestamp, _ in _MmapedDict.read_all_values_from_file(path):
            before, latest = sums.get(key, (0.0, 0.0))
            sums[key] = before + value, max(latest, timestamp)
    new = directory / f"{kind}.new"
    new.unlink(missing_ok=True)  # left by a process that was killed during a merge
    written = _MmapedDict(str(new))
    for key, (value, timestamp) in sums.items():
        written.write_value(key, value, timestamp)
    written.close()
    new.replace(total)
    for path in ended:
        path.unlink()


def _process_of(path: Path) -> int:
    return int(path.stem.rpartition("_")[2])
