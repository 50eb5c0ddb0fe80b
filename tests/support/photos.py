"""Real photographs: two people from the sdist of face_recognition, pinned by hash, and one from scikit-image."""

import io
import tarfile
from functools import cache

import numpy as np
import skimage.data
from numpy.typing import NDArray
from PIL import Image

from tests.support.sdists import sdist

SDIST = "face_recognition-1.3.0"
SDIST_SHA256 = "5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec"

Picture = NDArray[np.uint8]


@cache
def photo_bytes(name: str) -> bytes:
    """Return a file from ``tests/test_images`` of the sdist."""
    with tarfile.open(sdist(SDIST, SDIST_SHA256)) as archive:
        member = archive.extractfile(f"{SDIST}/tests/test_images/{name}")
        assert member is not None
        return member.read()


@cache
def photo(name: str) -> Picture:
    """Return a photograph as uint8 RGB: ``obama``, ``obama2``, ``obama3``, ``biden``, or ``astronaut``."""
    if name == "astronaut":
        return np.asarray(skimage.data.astronaut(), dtype=np.uint8)
    return np.asarray(Image.open(io.BytesIO(photo_bytes(f"{name}.jpg"))).convert("RGB"), dtype=np.uint8)
