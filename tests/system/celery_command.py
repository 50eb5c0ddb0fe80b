"""Runs a command of Celery as an operator runs it."""

import os
import subprocess
import sys

from celery.utils.nodenames import default_nodename

from tests.support.servers import ROOT

REPLY_TIMEOUT = 60.0  # seconds
REPLY_OPTIONS = ("--destination", default_nodename(""), "--timeout", str(REPLY_TIMEOUT))
"""Options of ``inspect`` and ``control``. Celery stops waiting when this machine's worker has responded."""


def celery(redis_url: str, *arguments: str, must_respond: bool = True) -> str:
    """Run a command and return its output. The command fails if no worker responds."""
    command = [sys.executable, "-m", "celery", "-A", "worker.app", *arguments]
    own = os.environ | {"REDIS_URL": redis_url}
    return subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, check=must_respond).stdout
