"""Fault injection: runs the programs of the service with one function replaced.

``python -m tests.support.faults.injection worker`` and ``python -m tests.support.faults.injection
api-that-dies-before-publishing`` are examples. The tests of faults need these programs for faults that no document or
signal can cause at the right moment. The processes are real.
"""

import itertools
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from api import __main__ as api
from shared import queue
from shared.jobs import JobRepository, Workers
from tests.support.faults import breakout
from worker import __main__ as worker
from worker.handlers import extract_face as handler
from worker.vision import extract_face

CRASH = b" crash the process"
HANG = b" hang in a library that holds the interpreter's lock"
LOOP = b" hang in Python"
"""Ends of documents that do this to the process that reads them. A JPEG may have any trailing bytes."""


def with_harmful_documents(extract: Any) -> Any:
    """Return an extraction function that such documents crash or hang."""

    def extract_face(data: bytes, **options: Any) -> Any:
        if data.endswith(CRASH):
            os.kill(os.getpid(), signal.SIGKILL)
        if data.endswith(HANG):
            sum(itertools.repeat(0))  # forever, in C, without checking signals
        while data.endswith(LOOP):
            time.sleep(0.01)
        return extract(data, **options)

    return extract_face


def with_breakouts(extract: Any) -> Any:
    """Return an extraction function that makes the attempts that such documents ask for."""

    def extract_face(data: bytes, **options: Any) -> Any:
        _, found, targets = data.partition(breakout.MARK)
        if found:
            os.write(2, f"{breakout.REPORT}{json.dumps(breakout.outcomes(breakout.Targets.parse(targets)))}\n".encode())
        _, found, path = data.partition(breakout.FORGE)
        if found:
            breakout.send_to_the_main_process(breakout.Pickled(Path(os.fsdecode(path))))
            time.sleep(60)  # until the main process reacts
        return extract(data, **options)

    return extract_face


def die(*_: object) -> None:
    """Kill this process."""
    os.kill(os.getpid(), signal.SIGKILL)


def block(*_: object, **__: object) -> None:
    """Block the calling thread forever. Other threads continue."""
    time.sleep(3600)


def main() -> None:
    """Run a program with an injected fault."""
    match sys.argv.pop(1):
        case "worker":
            handler.extract_face = with_harmful_documents(extract_face)  # type: ignore[attr-defined]
            worker.main()
        case "worker-that-breaks-out":
            handler.extract_face = with_breakouts(extract_face)  # type: ignore[attr-defined]
            worker.main()
        case "worker-that-gets-stuck":
            Workers.heartbeat = block  # type: ignore[method-assign]
            worker.main()
        case "api-that-dies-before-publishing":
            queue.publish = die  # type: ignore[assignment]
            api.main()
        case "api-that-dies-before-recording":
            JobRepository.create = die  # type: ignore[method-assign, assignment]
            api.main()
        case name:
            sys.exit(f"unknown program: {name}")


if __name__ == "__main__":
    main()
