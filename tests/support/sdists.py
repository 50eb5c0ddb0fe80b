"""Source archives (sdists) with photographs and C code for tests, downloaded once and pinned by hash."""

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

import platformdirs

CACHE = platformdirs.user_cache_path("nsfas-face-extraction") / "tests"


def sdist(name: str, sha256: str) -> Path:
    """Return the archive of a package, for example ``face_recognition-1.3.0``, from the cache or from the index.

    Several test processes may start with an empty cache. Each downloads into its own folder and moves the file into
    place, so that no process reads an incomplete file.

    Raises
    ------
    AssertionError
        The file has another SHA-256.

    """
    path = CACHE / f"{name}.tar.gz"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            options = ["--quiet", "--no-deps", "--no-binary=:all:", "--disable-pip-version-check", "--dest", folder]
            command = [sys.executable, "-m", "pip", "download", *options, name.replace("-", "==")]
            subprocess.run(command, check=True)
            (Path(folder) / path.name).replace(path)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    return path
