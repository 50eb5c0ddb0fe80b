"""``python -m worker.healthcheck [NAME]``: whether this host's worker consumes. For containers, which have one each.

NAME is ``housekeeping`` or ``callbacks``; without it, it is the worker of jobs. The worker's heartbeat sets the time of
a file. This module imports little: it is run every few seconds in every container.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

SILENCE = 30
"""Seconds after which a worker without a heartbeat counts as stuck."""


def heartbeat_file(name: str) -> Path:
    """Return the file of this user's worker: ``celery``, as Celery names it by default, or another program's name."""
    return Path(tempfile.gettempdir()) / f"nsfas-{name}-{os.getuid()}.heartbeat"


def note_heartbeat(name: str) -> None:
    """Set the file's time to now.

    Raises
    ------
    OSError
        The file cannot be written; nor is it where somebody else has put a link in its place.

    """
    descriptor = os.open(heartbeat_file(name), os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
    try:
        os.utime(descriptor)
    finally:
        os.close(descriptor)


def main() -> None:
    """End with 0 if the worker's consumer has had a heartbeat within the last 30 s, in which Redis answered."""
    file = heartbeat_file(sys.argv[1] if len(sys.argv) > 1 else "celery")
    try:
        silence = abs(time.time() - file.stat().st_mtime)
    except OSError:
        silence = SILENCE
    if silence >= SILENCE:
        sys.exit("healthcheck: the worker does not consume")


if __name__ == "__main__":
    main()
