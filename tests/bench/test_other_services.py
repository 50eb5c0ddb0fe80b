"""The minimal queue, which the benchmark compares the service with, works."""

import base64

import httpx
import pytest

from bench.performance.other_services import minimal_queue
from tests.support.examples import extraction_file


@pytest.mark.slow
def test_the_minimal_queue_returns_a_portrait() -> None:
    with minimal_queue(1) as system:
        response = httpx.post(f"{system.url}/extract-face", files={"file": extraction_file()}, timeout=90)
    assert response.status_code == 200
    assert base64.b64decode(response.json()["face_image"]).startswith(b"\xff\xd8")
