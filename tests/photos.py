"""Real photographs: two people from the sdist of face_recognition, pinned by hash, and one from scikit-image."""

import hashlib
import subprocess
import sys
import tarfile
from functools import cache
from pathlib import Path

import numpy as np
import platformdirs
import skimage.data
from numpy.typing import NDArray
from PIL import Image

SDIST = "face_recognition-1.3.0"
SDIST_SHA256 = "5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec"
CACHE = platformdirs.user_cache_path("nsfas-face-extraction") / "tests"

Picture = NDArray[np.uint8]


@cache
def photo_bytes(name: str) -> bytes:
    """Return a file of the sdist's ``tests/test_images``."""
    with tarfile.open(_sdist()) as archive:
        member = archive.extractfile(f"{SDIST}/tests/test_images/{name}")
        assert member is not None
        return member.read()


@cache
def photo(name: str) -> Picture:
    """Return a photograph as uint8 RGB: ``obama``, ``obama2``, ``biden``, or ``astronaut``."""
    if name == "astronaut":
        return np.asarray(skimage.data.astronaut(), dtype=np.uint8)
    with tarfile.open(_sdist()) as archive:
        file = archive.extractfile(f"{SDIST}/tests/test_images/{name}.jpg")
        assert file is not None
        return np.asarray(Image.open(file).convert("RGB"), dtype=np.uint8)


def _sdist() -> Path:
    """Fetch the sdist by name, once, and verify it each time."""
    path = CACHE / f"{SDIST}.tar.gz"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        requirement = SDIST.replace("-", "==")
        options = ["--quiet", "--no-deps", "--no-binary=:all:", "--disable-pip-version-check", "--dest", str(CACHE)]
        subprocess.run([sys.executable, "-m", "pip", "download", *options, requirement], check=True)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == SDIST_SHA256
    return path
