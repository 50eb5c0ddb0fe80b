"""``python -m bench.performance.memory ENCODER FILE...``: print the resident memory of a process with the engine."""

import resource
import sys
from pathlib import Path

from worker.vision import EncoderChoice, compare_faces, extract_face, load_engine


def _peak() -> float:
    """Return the peak memory of this process in MB."""
    # On Linux, getrusage includes the memory of the parent at the fork. The high-water mark in /proc does not.
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024)


def main() -> None:
    """Extract a face from each file, and compare the last two files."""
    encoder, files = sys.argv[1], [Path(argument).read_bytes() for argument in sys.argv[2:]]
    engine = load_engine(encoder=EncoderChoice("dlib" if encoder == "dlib" else "sface"))
    loaded = _peak()
    for data in files:
        extract_face(data, engine=engine)
    if len(files) > 1:
        compare_faces(*files[-2:], engine=engine)
    sys.stdout.write(f"memory of a process, {encoder}: models loaded {loaded:.0f} MB, peak {_peak():.0f} MB\n")


if __name__ == "__main__":
    main()
