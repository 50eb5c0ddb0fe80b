"""Hostile documents against the running service: mutated ones, or every file of a folder.

``python -m tests.fuzz.documents --count 10000``, ``python -m tests.fuzz.documents --folder DIR``
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.fuzz.corpus import mutated
from tests.support.servers import running

AT_ONCE = 4
SLOW = 45.0  # seconds

FINE = {200, 400, 404}
BAD_CODES = {"worker_crashed", "timed_out", "document_too_complex"}
"""Answered as they should be, and still worth a look: nothing so small should take so much."""


@dataclass
class Outcome:
    """What the answers were, and which inputs ask for a look."""

    answers: Counter[str] = field(default_factory=Counter)
    findings: list[tuple[str, bytes]] = field(default_factory=list)
    slowest: float = 0.0


def mutations(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield mutated documents, each with a name; the same seed makes the same ones."""
    for number in range(count):
        name = f"{seed}-{number}"
        yield name, mutated(random.Random(name))  # noqa: S311 - repeatable, not secret


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a folder."""
    for path in sorted(folder.iterdir()):
        yield path.name, path.read_bytes()


async def fuzz(url: str, documents: Iterator[tuple[str, bytes]], slow: float = SLOW) -> Outcome:
    """Send documents to a service, some at once; an answer that takes more than ``slow`` seconds is a finding."""
    outcome = Outcome()

    async def send(client: httpx.AsyncClient) -> None:
        for name, data in documents:
            started = time.monotonic()
            try:
                answer = await client.post("/extract-face", files={"file": data})
                status, code = answer.status_code, str(answer.json().get("code", "ok"))
            except httpx.HTTPError as error:
                status, code = 0, type(error).__name__
            seconds = time.monotonic() - started
            outcome.answers[f"{status} {code}"] += 1
            outcome.slowest = max(outcome.slowest, seconds)
            if status not in FINE or code in BAD_CODES or seconds > slow:
                outcome.findings.append((f"{name}-{status}-{code}", data))

    async with httpx.AsyncClient(base_url=url, timeout=2 * slow) as client:
        await asyncio.gather(*(send(client) for _ in range(AT_ONCE)))
    return outcome


def main() -> None:
    """Start a service, fuzz it, keep what was found, and say so in the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.documents", description=__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--findings", type=Path, default=Path(".fuzz"))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        settings = {"data_dir": Path(home) / "data", "log_level": "WARNING"}
        with running(["app.py"], Path(home) / "log", **settings) as system:
            documents = files(asked.folder) if asked.folder else mutations(asked.count, asked.seed)
            outcome = asyncio.run(fuzz(system.url, documents))
            left = list((Path(home) / "data" / "blobs" / "documents").glob("*"))
    for name, data in outcome.findings:
        asked.findings.mkdir(exist_ok=True)
        (asked.findings / name.replace(" ", "-")).write_bytes(data)
    print(f"seed {asked.seed}, slowest {outcome.slowest:.1f} s, documents left {len(left)}")
    for answer, count in sorted(outcome.answers.items()):
        print(f"{count:7} {answer}")
    sys.exit(1 if outcome.findings or left else 0)


if __name__ == "__main__":
    main()
