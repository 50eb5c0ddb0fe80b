"""Source archives (sdists) that tests take photographs and C code from: downloaded once, pinned by hash."""

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

import platformdirs

CACHE = platformdirs.user_cache_path("nsfas-face-extraction") / "tests"


def sdist(name: str, sha256: str) -> Path:
    """Return the archive of a package, for example ``face_recognition-1.3.0``, from the cache or from the index.

    Several test processes may ask at once with an empty cache: each downloads into a folder of its own and moves the
    file into place, so that none reads half a file.

    Raises
    ------
    AssertionError
        The file is not the one whose SHA-256 is given.

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
