"""Sends hostile documents to a running service: mutated documents, or the files of a folder.

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

from tests.fuzz.corpus import mutate_seed
from tests.support.servers import running

AT_ONCE = 4
SLOW = 45.0  # seconds

EXPECTED_STATUSES = {200, 400, 404}
SUSPICIOUS_CODES = {"worker_crashed", "timed_out", "document_too_complex"}
"""Valid error codes that count as findings, because small documents should not need so much time or memory."""


@dataclass
class Outcome:
    """The responses, and the inputs that need a review."""

    responses: Counter[str] = field(default_factory=Counter)
    findings: list[tuple[str, bytes]] = field(default_factory=list)
    slowest: float = 0.0


def mutations(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield mutated documents with names. The same seed gives the same documents."""
    for number in range(count):
        name = f"{seed}-{number}"
        yield name, mutate_seed(random.Random(name))  # noqa: S311 - not for security


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a folder."""
    for path in sorted(folder.iterdir()):
        yield path.name, path.read_bytes()


async def fuzz(url: str, documents: Iterator[tuple[str, bytes]], slow: float = SLOW) -> Outcome:
    """Send documents concurrently. A response that takes more than ``slow`` seconds is a finding."""
    outcome = Outcome()

    async def send(client: httpx.AsyncClient) -> None:
        for name, data in documents:
            started = time.monotonic()
            try:
                response = await client.post("/extract-face", files={"file": data})
                status, code = response.status_code, str(response.json().get("code", "ok"))
            except httpx.HTTPError as error:
                status, code = 0, type(error).__name__
            seconds = time.monotonic() - started
            outcome.responses[f"{status} {code}"] += 1
            outcome.slowest = max(outcome.slowest, seconds)
            if status not in EXPECTED_STATUSES or code in SUSPICIOUS_CODES or seconds > slow:
                outcome.findings.append((f"{name}-{status}-{code}", data))

    async with httpx.AsyncClient(base_url=url, timeout=2 * slow) as client:
        await asyncio.gather(*(send(client) for _ in range(AT_ONCE)))
    return outcome


def main() -> None:
    """Start a service, fuzz it and save the findings. The exit status is 1 if there are any."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.documents", description=__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--findings", type=Path, default=Path(".fuzz"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        settings = {"data_dir": Path(home) / "data", "log_level": "WARNING"}
        with running(["app.py"], Path(home) / "log", **settings) as system:
            documents = files(options.folder) if options.folder else mutations(options.count, options.seed)
            outcome = asyncio.run(fuzz(system.url, documents))
            left = list((Path(home) / "data" / "blobs" / "documents").glob("*"))
    for name, data in outcome.findings:
        options.findings.mkdir(exist_ok=True)
        (options.findings / name.replace(" ", "-")).write_bytes(data)
    print(f"seed {options.seed}, slowest {outcome.slowest:.1f} s, documents left {len(left)}")
    for response, count in sorted(outcome.responses.items()):
        print(f"{count:7} {response}")
    sys.exit(1 if outcome.findings or left else 0)


if __name__ == "__main__":
    main()
