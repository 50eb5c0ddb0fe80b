"""What the audit log says of one job: read from its files, rotated and compressed ones included."""

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
"""Suffixes of compressed files that cannot be read here: passing over one could hide who saw a document."""

Line = dict[str, Any]


def log_files(path: Path) -> list[str]:
    """Return a log and what it was renamed to when it was rotated."""
    return sorted(str(file) for file in path.parent.glob(f"{path.name}*"))


def trail(job_id: str, files: Iterable[str]) -> list[Line]:
    """Return the lines about a job, in the order in which it happened; each once, though the end may be there twice.

    Other lines are passed over, and so is what a collector of logs puts before each.

    Raises
    ------
    OSError
        A file cannot be read.

    """
    found: dict[str, Line] = {}
    for file in files:
        with _opened(file) as texts:
            for text in texts:
                if job_id in text and (line := _parsed(text)).get("job_id") == job_id:
                    found[json.dumps(line, sort_keys=True)] = line
    return sorted(found.values(), key=lambda line: str(line["at"]))


def who_saw(lines: Iterable[Line]) -> Counter[str]:
    """Return who was given the result of the job, and how often: names of API keys, and receivers of webhooks."""
    seen = Counter[str]()
    for line in lines:
        if line["action"] == "read":
            seen[str(line.get("caller", "anybody (no API keys)"))] += 1
        elif line["action"] == "send":
            seen[f"{line.get('receiver')} (webhook, with{'' if line.get('pictures') else 'out'} pictures)"] += 1
    return seen


def _parsed(text: str) -> Line:
    """Return the object in a line; an empty one if it is not of the audit log, or was cut."""
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
        raise OSError(f"{file} is compressed: decompress it first")
    try:
        with _OPENERS.get(suffix, open)(file, "rt", encoding="utf-8", errors="replace") as texts:
            yield texts
    except (EOFError, zlib.error, lzma.LZMAError) as error:
        raise OSError(f"{file} is damaged or was cut") from error
