"""The service's own programs, sabotaged: ``python -m tests.support.sabotage worker`` and ``... api-SABOTAGE``.

What the tests of faults need and no document or signal brings about at the right moment. The processes are real; each
sabotage replaces one function.
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
from tests.support import breakout
from worker import __main__ as worker
from worker.handlers import extract_face as handler
from worker.vision import extract_face

CRASH = b" crash the process"
HANG = b" hang in a library that holds the interpreter's lock"
LOOP = b" hang in Python"
"""What a document ends with that does this to the process that reads it. A JPEG may end with anything."""


def hostile(extract: Any) -> Any:
    """Return the extraction, which such documents break."""

    def extract_face(data: bytes, **options: Any) -> Any:
        if data.endswith(CRASH):
            os.kill(os.getpid(), signal.SIGKILL)
        if data.endswith(HANG):
            sum(itertools.repeat(0))  # for ever, in C, without a look at signals
        while data.endswith(LOOP):
            time.sleep(0.01)
        return extract(data, **options)

    return extract_face


def overtaken(extract: Any) -> Any:
    """Return the extraction, during which such documents make the process try to break out."""

    def extract_face(data: bytes, **options: Any) -> Any:
        _, found, aims = data.partition(breakout.MARK)
        if found:
            os.write(2, f"{breakout.SAID}{json.dumps(breakout.outcomes(breakout.Aims.parse(aims)))}\n".encode())
        _, found, path = data.partition(breakout.FORGE)
        if found:
            breakout.send_to_the_main_process(breakout.Pickled(Path(os.fsdecode(path))))
            time.sleep(60)  # until it is noticed
        return extract(data, **options)

    return extract_face


def die(*_: object) -> None:
    """End this process as a kill does."""
    os.kill(os.getpid(), signal.SIGKILL)


def stick(*_: object, **__: object) -> None:
    """Hold up whoever calls this for good; other threads go on."""
    time.sleep(3600)


def main() -> None:
    """Run a program, sabotaged."""
    match sys.argv.pop(1):
        case "worker":
            handler.extract_face = hostile(extract_face)  # type: ignore[attr-defined]
            worker.main()
        case "worker-that-breaks-out":
            handler.extract_face = overtaken(extract_face)  # type: ignore[attr-defined]
            worker.main()
        case "worker-that-gets-stuck":
            Workers.heartbeat = stick  # type: ignore[method-assign]
            worker.main()
        case "api-that-dies-before-publishing":
            queue.publish = die  # type: ignore[assignment]
            api.main()
        case "api-that-dies-before-recording":
            JobRepository.create = die  # type: ignore[method-assign, assignment]
            api.main()
        case name:
            sys.exit(f"no such sabotage: {name}")


if __name__ == "__main__":
    main()
