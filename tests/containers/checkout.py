"""Copies the checkout, like ``git clone`` for a user."""

import shutil
import subprocess
from pathlib import Path

from tests.support.servers import ROOT

GIT = shutil.which("git") or "git"


def copy_checkout(target: Path) -> Path:
    """Copy the files of the checkout, without a developer's settings and secrets.

    Files that are not committed yet are copied, files that git ignores are not.
    """
    command = [GIT, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--exclude=.env"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        source, copy = ROOT / name, target / name
        if source.is_file():  # git lists a deleted file until the deletion is committed
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy)
    return target
