"""``python -m bench.memory FILE...``: resident memory of a process that holds nothing but the engine."""

import resource
import sys
from pathlib import Path

from worker.vision import extract_face, load_engine


def _peak() -> float:
    """Return the most that this process has held, in MB."""
    # Linux's getrusage counts what the parent held when it forked; the high-water mark of /proc does not.
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024)


def main() -> None:
    """Extract from each file in turn."""
    engine = load_engine()
    sys.stdout.write(f"memory with models loaded: {_peak():.0f} MB\n")
    for path in sys.argv[1:]:
        extract_face(Path(path).read_bytes(), engine=engine)
    sys.stdout.write(f"peak memory over all documents: {_peak():.0f} MB\n")


if __name__ == "__main__":
    main()
