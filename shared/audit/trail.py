"""Reads the entries of one job from the audit log, including rotated and compressed files."""

import bz2
import gzip
import json
import lzma
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

STANDARD_INPUT = "-"

_OPENERS: dict[str, Callable[..., TextIO]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_UNREADABLE = {".zst", ".lz4", ".Z", ".zip"}
"""Suffixes of compressed files that cannot be read. They raise an error: skipping one could hide a recipient."""

Entry = dict[str, Any]


def log_files(path: Path) -> list[str]:
    """Return the paths of a log and of its rotated files."""
    return sorted(str(file) for file in path.parent.glob(f"{path.name}*"))


def trail(job_id: str, files: Iterable[str]) -> list[Entry]:
    """Return the entries of a job in chronological order, without duplicates.

    Ignores other lines, and any prefix that a log collector adds to a line.

    Raises
    ------
    OSError
        A file cannot be read.

    """
    found: dict[str, Entry] = {}
    for file in files:
        with _opened(file) as texts:
            for text in texts:
                if job_id in text and (line := _parsed(text)).get("job_id") == job_id:
                    found[json.dumps(line, sort_keys=True)] = line
    return sorted(found.values(), key=lambda line: str(line["at"]))


def recipients(lines: Iterable[Entry]) -> Counter[str]:
    """Count who received the result of the job: names of API keys, and receivers of webhooks."""
    received = Counter[str]()
    for line in lines:
        if line["action"] == "read":
            received[str(line.get("caller", "anonymous (no API keys)"))] += 1
        elif line["action"] == "send":
            received[f"{line.get('receiver')} (webhook, with{'' if line.get('pictures') else 'out'} pictures)"] += 1
    return received


def _parsed(text: str) -> Entry:
    """Return the entry in a line; empty if the line is truncated or not an audit log entry."""
    try:
        line = json.loads(text[max(0, text.find("{")) :])
    except ValueError:
        return {}
    return line if isinstance(line, dict) and {"action", "at"} <= line.keys() else {}


@contextmanager
def _opened(file: str) -> Iterator[TextIO]:
    if file == STANDARD_INPUT:
        yield sys.stdin
        return
    suffix = Path(file).suffix
    if suffix in _UNREADABLE:
        raise OSError(f"{file} is compressed in a format that is not supported: decompress it first")
    try:
        with _OPENERS.get(suffix, open)(file, "rt", encoding="utf-8", errors="replace") as texts:
            yield texts
    except (EOFError, zlib.error, lzma.LZMAError) as error:
        raise OSError(f"{file} is damaged or truncated") from error
