"""The figures of all processes of one service, living and dead, for Prometheus.

Each process writes to files of its own, which stay when it ends, since counters must not go down. Every file costs time
at each scrape, so the files of dead processes are added up into one of each kind.
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

from shared.metrics.multiprocess import VARIABLE, lives

_KINDS = "counter", "histogram"  # the library's names of files begin so; a process id follows
_MmapedDict: Any = MmapedDict  # which has no annotations
_DEAD = 0  # in place of a process id: no process has it


class ProcessesCollector(Collector):
    """Adds up what the processes have counted.

    Parameters
    ----------
    directory
        Where they write.

    """

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory or Path(os.environ[VARIABLE])  # noqa: TID251 - it is not a setting of ours

    def collect(self) -> Iterable[Metric]:
        with _locked(self._directory):
            for kind in _KINDS:
                _add_up_dead(self._directory, kind)
            processes: Any = MultiProcessCollector
            return list(processes(None, str(self._directory)).collect())


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Keep other processes from reading files that are being added up: they would count some twice."""
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until the file is closed
        yield


def _add_up_dead(directory: Path, kind: str) -> None:
    total = directory / f"{kind}_{_DEAD}.db"
    dead = [path for path in directory.glob(f"{kind}_*.db") if path != total and not lives(_process_of(path))]
    if not dead:
        return
    sums: dict[str, tuple[float, float]] = {}
    for path in (total, *dead) if total.exists() else dead:
        for key, value, timestamp, _ in _MmapedDict.read_all_values_from_file(path):
            before, latest = sums.get(key, (0.0, 0.0))
            sums[key] = before + value, max(latest, timestamp)
    new = directory / f"{kind}.new"
    new.unlink(missing_ok=True)  # of a process that was killed in between
    written = _MmapedDict(str(new))
    for key, (value, timestamp) in sums.items():
        written.write_value(key, value, timestamp)
    written.close()
    new.replace(total)
    for path in dead:
        path.unlink()


def _process_of(path: Path) -> int:
    return int(path.stem.rpartition("_")[2])
