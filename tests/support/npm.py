"""Installs the npm packages that tests need, once per lock file."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.sdists import CACHE

INSTALL_TIMEOUT = 300
"""Seconds."""


def npm_packages(folder: Path) -> Path:
    """Install the packages of a folder's lock file if needed, and return ``node_modules``.

    Skips the test if npm is not installed.
    """
    npm = shutil.which("npm")
    if not npm:
        pytest.skip("npm is not installed")
    lock = folder / "package-lock.json"
    installed = CACHE / f"{folder.name}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}"
    if not (installed / "done").exists():
        installed.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(folder / name, installed)
        subprocess.run([npm, "ci", "--ignore-scripts"], cwd=installed, check=True, timeout=INSTALL_TIMEOUT)
        (installed / "done").touch()
    return installed / "node_modules"
