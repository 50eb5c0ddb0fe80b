"""``python -m worker.healthcheck [NAME]``: check that the worker of this container consumes messages.

NAME is ``housekeeping`` or ``callbacks``. Without NAME, the command checks the job worker. Each heartbeat of the worker
updates the modification time of a file. This module imports little because every container runs it every few seconds.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

HEARTBEAT_TIMEOUT = 30
"""Seconds without a heartbeat after which a worker counts as stuck."""


def heartbeat_file(name: str) -> Path:
    """Return the heartbeat file of a worker of this user. The job worker has Celery's default name, ``celery``."""
    return Path(tempfile.gettempdir()) / f"nsfas-{name}-{os.getuid()}.heartbeat"


def touch_heartbeat(name: str) -> None:
    """Set the modification time of the heartbeat file to now.

    Raises
    ------
    OSError
        The file cannot be written, or another user has put a symbolic link in its place.

    """
    descriptor = os.open(heartbeat_file(name), os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
    try:
        os.utime(descriptor)
    finally:
        os.close(descriptor)


def main() -> None:
    """Exit with 0 if the worker gave a heartbeat, with Redis answering, within the last 30 seconds."""
    file = heartbeat_file(sys.argv[1] if len(sys.argv) > 1 else "celery")
    try:
        silence = abs(time.time() - file.stat().st_mtime)
    except OSError:
        silence = HEARTBEAT_TIMEOUT
    if silence >= HEARTBEAT_TIMEOUT:
        sys.exit("healthcheck: the worker does not consume messages")


if __name__ == "__main__":
    main()
