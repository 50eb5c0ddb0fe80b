"""Runs the command ``face-intake``, as it is installed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

COMMAND = str(Path(sys.executable).parent / "face-intake")


def call(url: str, *arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder, against the service at this URL."""
    environment = os.environ | {"FACE_INTAKE_URL": url, "COLUMNS": "200", "NO_COLOR": "1"}
    command = [COMMAND, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def lines(done: subprocess.CompletedProcess[str]) -> list[Any]:
    """Return the JSON objects that the command printed, one a line."""
    return [json.loads(line) for line in done.stdout.splitlines()]
