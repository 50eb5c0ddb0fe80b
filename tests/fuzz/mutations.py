"""Mutated documents against the running service: ``python -m tests.fuzz.mutations --count 10000``."""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.fuzz.corpus import mutated
from tests.servers import running

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


async def fuzz(url: str, count: int, seed: int) -> Outcome:
    """Send mutated documents to a service; the same seed makes the same ones."""
    outcome, numbers = Outcome(), iter(range(count))

    async def send(client: httpx.AsyncClient) -> None:
        for number in numbers:
            data = mutated(random.Random(f"{seed}-{number}"))  # noqa: S311 - repeatable, not secret
            started = time.monotonic()
            try:
                answer = await client.post("/extract-face", files={"file": data})
                status, code = answer.status_code, str(answer.json().get("code", "ok"))
            except httpx.HTTPError as error:
                status, code = 0, type(error).__name__
            seconds = time.monotonic() - started
            outcome.answers[f"{status} {code}"] += 1
            outcome.slowest = max(outcome.slowest, seconds)
            if status not in FINE or code in BAD_CODES or seconds > SLOW:
                outcome.findings.append((f"{seed}-{number}-{status}-{code}", data))

    async with httpx.AsyncClient(base_url=url, timeout=2 * SLOW) as client:
        await asyncio.gather(*(send(client) for _ in range(AT_ONCE)))
    return outcome


def main() -> None:
    """Start a service, fuzz it, keep what was found, and say so in the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.mutations", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--findings", type=Path, default=Path(".fuzz"))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        settings = {"data_dir": Path(home) / "data", "log_level": "WARNING"}
        with running(["app.py"], Path(home) / "log", **settings) as system:
            outcome = asyncio.run(fuzz(system.url, asked.count, asked.seed))
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
