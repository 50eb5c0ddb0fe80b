"""A batch of jobs and its outcome: every accepted job ends exactly once."""

import json
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx
import psutil

from tests.support.compose import a4, card, jpeg, pdf
from tests.support.eventually import eventually
from tests.support.servers import System, client_of

DOCUMENT = jpeg(card())

SCAN = pdf(*[a4(card())] * 10)
"""A document that takes a quarter of a second, so that a stop finds jobs that run and jobs that wait."""

UNREADABLE = b"%PDF-1.7\n"
"""A document that fails when it is opened, which is faster than a search for faces."""

RECOVERY = 180.0
"""Seconds within which all jobs must end. Tests print the actual time; docs/reliability.md lists these times."""


def processes(system: System, words: str) -> list[psutil.Process]:
    """Return the system's processes whose command line contains these words, sorted by start time."""
    tree = psutil.Process(system.process.pid).children(recursive=True)
    found = [process for process in tree if (command := _command(process)) is not None and f"{words} " in command]
    return sorted(found, key=psutil.Process.create_time)


def _command(process: psutil.Process) -> str | None:
    """Return the command line of a process with a trailing space, or None if the process has ended."""
    try:
        return " ".join(process.cmdline()) + " "
    except psutil.NoSuchProcess:
        return None


class Jobs:
    """Extractions that are submitted as one batch."""

    def __init__(self, url: str, name: str = "faults") -> None:
        self.client = client_of(url)
        weakref.finalize(self, self.client.close)
        self.name = name
        self.accepted: list[str] = []

    def submit(self, count: int = 1, document: bytes = DOCUMENT, each: Callable[[int], None] | None = None) -> None:
        """Submit documents. Rejected and unanswered submissions are not counted."""
        for number in range(count):
            if each is not None:
                each(number)
            try:
                response = self.client.post(
                    "/jobs/extract-face", files={"file": document}, data={"batch": self.name}, timeout=30
                )
            except httpx.TransportError:
                continue
            if response.status_code == httpx.codes.ACCEPTED:
                self.accepted.append(response.json()["id"])

    def wait(self, timeout: float = RECOVERY) -> float:
        """Wait until no job is open. Return the seconds."""
        started = time.monotonic()

        def all_ended() -> bool:
            batch = self._get(f"/batches/{self.name}")
            if batch is None or batch["total"] < len(self.accepted):
                return False
            return bool(batch["queued"] + batch["running"] == 0)

        eventually(all_ended, timeout, waiting_for=f"all {len(self.accepted)} jobs of the batch to end")
        return time.monotonic() - started

    def ends(self) -> Counter[str]:
        """Check that each accepted job ended exactly once, and return the number of jobs by status."""
        batch = self._get(f"/batches/{self.name}")
        assert batch is not None
        lines = [json.loads(line) for line in self.client.get(f"/batches/{self.name}/results").text.splitlines()]
        ids = [line["id"] for line in lines]
        assert len(ids) == len(set(ids)) == batch["cursor"] == batch["total"]  # the cursor counts every ended job
        assert set(self.accepted) <= set(ids)
        assert all(line["result"]["success"] for line in lines if line["status"] == "succeeded")
        return Counter(line["status"] for line in lines)

    def state(self) -> dict[str, Any]:
        """Return the batch: the number of jobs by status."""
        batch: dict[str, Any] = self.client.get(f"/batches/{self.name}").raise_for_status().json()
        return batch

    def codes(self) -> Counter[str]:
        """Return the number of failed jobs by error code."""
        lines = [json.loads(line) for line in self.client.get(f"/batches/{self.name}/results").text.splitlines()]
        return Counter(line["error"]["code"] for line in lines if line["status"] == "failed")

    def _get(self, path: str) -> dict[str, Any] | None:
        try:
            response = self.client.get(path)
        except httpx.TransportError:
            return None
        return response.json() if response.status_code == httpx.codes.OK else None


@contextmanager
def suspended_during_a_job(pool: list[psutil.Process], jobs: Jobs, count: int) -> Iterator[None]:
    """Submit scans, and suspend a worker's pool processes while at least one of them runs a job.

    The job cannot end inside the context. The processes continue after it.
    """

    def running() -> int:
        return int(jobs.state()["running"])

    def suspended_in_time() -> bool:
        for process in pool:
            process.resume()
        eventually(running, waiting_for="a job to run")
        for process in pool:
            process.suspend()
        return running() > 0

    try:
        for process in pool:
            process.suspend()  # so that the jobs wait even on a fast machine
        jobs.submit(count, SCAN)
        eventually(suspended_in_time, waiting_for="the pool to be suspended during a job")
        yield
    finally:
        for process in pool:
            with suppress(psutil.NoSuchProcess):
                process.resume()
