"""``python -m worker.healthcheck``: the health check of worker containers."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.support.servers import ROOT
from worker.healthcheck import heartbeat_file, touch_heartbeat


def check(folder: Path, *name: str) -> str:
    """Run the check and return its error message; empty if it passes."""
    command = [sys.executable, "-m", "worker.healthcheck", *name]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"TMPDIR": str(folder)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == (1 if done.stderr else 0)
    return done.stderr.strip()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("name", ["celery", "housekeeping", "callbacks"])
def test_the_check_passes_for_half_a_minute_after_a_heartbeat_of_the_named_worker(folder: Path, name: str) -> None:
    argument = [] if name == "celery" else [name]
    touch_heartbeat("another")
    assert check(folder, *argument) == "healthcheck: the worker does not consume messages"
    touch_heartbeat(name)
    assert check(folder, *argument) == ""
    long_ago = time.time() - 31
    os.utime(heartbeat_file(name), (long_ago, long_ago))
    assert check(folder, *argument) == "healthcheck: the worker does not consume messages"


def test_a_heartbeat_does_not_follow_a_symbolic_link_of_another_user(folder: Path) -> None:
    heartbeat_file("celery").symlink_to(folder / "elsewhere")
    with pytest.raises(OSError, match="symbolic link"):
        touch_heartbeat("celery")
    assert not (folder / "elsewhere").exists()


def test_the_check_imports_no_slow_modules() -> None:
    code = "import sys, worker.healthcheck; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not {"celery", "redis", "pydantic", "structlog"} & set(loaded.split())
