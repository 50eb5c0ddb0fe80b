"""Files that once caused an error: each has the result that ``../shared/data/hard/expect.json`` expects."""

import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shared.errors import PROBLEMS
from tests.conftest import DATA
from worker.vision import Engine, Extraction, VisionError, compare_faces, extract_face

HARD = DATA / "hard"
EXPECTED: dict[str, dict[str, Any]] = json.loads((HARD / "expect.json").read_text()) if HARD.exists() else {}

pytestmark = [
    pytest.mark.accuracy,
    pytest.mark.skipif(
        not EXPECTED,
        reason=f"needs real files, which are not published ({HARD}); tests/vision/documents composes such files",
    ),
]

GREY = {"sep_black_dct.pdf"}
"""Pictures in black ink: the portrait is grey, so the mean of the three expected channels is compared."""


@pytest.mark.parametrize("name", EXPECTED or ["absent"])
def test_a_file_that_once_caused_an_error_has_the_expected_result(name: str, engine: Engine) -> None:
    expected = EXPECTED[name]
    data = (HARD / name).read_bytes()
    if expected["status"] != 200:
        with pytest.raises(VisionError) as raised:
            extract_face(data, engine=engine)
        assert PROBLEMS[raised.value.code].status in {expected["status"], expected.get("status_or")}
        assert raised.value.code != expected.get("code_is_not")
        return
    found = extract_face(data, engine=engine)
    assert_portrait(found, name, expected)
    assert_place(found, expected)
    if "shows" in expected:
        photograph = next((DATA / "faces").rglob(f"{expected['shows']}.*"))
        assert compare_faces(photograph.read_bytes(), data, engine=engine).match


def assert_portrait(found: Extraction, name: str, expected: dict[str, Any]) -> None:
    if "mean_rgb" in expected:
        mean = np.asarray(Image.open(io.BytesIO(found.portrait))).reshape(-1, 3).mean(axis=0)
        wanted = np.array(expected["mean_rgb"])
        if name in GREY:
            mean, wanted = mean.mean(keepdims=True), wanted.mean(keepdims=True)
        assert np.abs(mean - wanted).max() <= expected.get("tolerance", 6)
    if "portrait_at_least" in expected:
        assert (np.array(found.portrait_size) >= expected["portrait_at_least"]).all()


def assert_place(found: Extraction, expected: dict[str, Any]) -> None:
    face = found.faces[found.selected]
    assert face.page == expected.get("page", face.page)
    assert list(face.page_size) == expected.get("page_size", list(face.page_size))
    if "box" in expected:  # the box of a mirrored picture would be at another place
        box = face.box.left, face.box.top, face.box.right, face.box.bottom
        np.testing.assert_allclose(box, expected["box"], atol=5)
