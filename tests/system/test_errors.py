"""Every bad input has its own code, status and sentence, leaves nothing behind, and the next request works."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import skimage.data

from shared.errors import PROBLEMS
from tests.compose import card, jpeg, pdf, png
from tests.servers import System
from tests.vision.test_pdf import AES_256, NO_PAGES
from tests.vision.test_raster import lying_png
from worker.vision import VisionError

TEXT = b"This was never a picture.\n" * 100
LARGE = 11 * 1024 * 1024

BAD_FILES: dict[str, tuple[Callable[[], bytes], int, str]] = {
    "empty": (lambda: b"", 400, "empty_file"),
    "text renamed to jpg": (lambda: TEXT, 400, "unsupported_format"),
    "html": (lambda: b"<html><body>hello</body></html>", 400, "unsupported_format"),
    "svg": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', 400, "unsupported_format"),
    "zip": (lambda: b"PK\x03\x04" + bytes(100), 400, "unsupported_format"),
    "gif": (lambda: b"GIF89a" + bytes(100), 400, "unsupported_format"),
    "truncated jpeg": (lambda: jpeg(card())[:20_000], 400, "unreadable_image"),
    "jpeg header alone": (lambda: jpeg(card())[:3], 400, "unreadable_image"),
    "png with a lying header": (lambda: lying_png(card(), width=4000), 400, "unreadable_image"),
    "png that claims a billion pixels": (lambda: lying_png(card(), 60_000, 60_000), 400, "image_too_large"),
    "encrypted pdf": (lambda: pdf("x", encryption=AES_256, user_pw="u", owner_pw="o"), 400, "encrypted_pdf"),
    "pdf without pages": (lambda: NO_PAGES, 400, "empty_pdf"),
    "broken pdf": (lambda: b"%PDF-1.7\n" + bytes(500), 400, "unreadable_pdf"),
    "pdf of text only": (lambda: pdf("Nothing but text. " * 50), 404, "no_face"),
    "11 MB": (lambda: jpeg(card()) + bytes(LARGE), 400, "file_too_large"),
    "40 MB": (lambda: jpeg(card()) + bytes(40 * 1024 * 1024), 400, "file_too_large"),
    "cat": (lambda: png(np.asarray(skimage.data.chelsea(), np.uint8)), 404, "no_face"),
}


def assert_problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["success"] is False
    assert body["status"] == status
    assert body["code"] == code
    assert body["title"] == PROBLEMS[code].title
    assert body["detail"].endswith(PROBLEMS[code].detail)
    return body


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_gets_its_own_answer(client: httpx.Client, name: str) -> None:
    make, status, code = BAD_FILES[name]
    response = client.post("/extract-face", files={"file": ("card.jpg", make(), "image/jpeg")})
    body = assert_problem(response, status, code)
    assert body["field"] == "file"
    assert client.post("/extract-face", files={"file": jpeg(card())}).status_code == 200


@pytest.mark.parametrize("path", ["/extract-face", "/jobs/extract-face"])
@pytest.mark.parametrize(
    "form",
    [
        {},
        {"json": {"file": "x"}},
        {"data": {"file": "only text"}},
        {"files": {"other": b"x"}},
        {"files": {"file": ("", b"")}},
    ],
)
def test_no_file_is_a_bad_request(client: httpx.Client, path: str, form: dict[str, Any]) -> None:
    assert_problem(client.post(path, **form), 400, "missing_file")


@pytest.mark.parametrize("path", ["/compare-faces", "/jobs/compare-faces"])
@pytest.mark.parametrize("field", ["selfie", "id_photo"])
def test_a_comparison_needs_both_pictures(client: httpx.Client, path: str, field: str) -> None:
    files = {name: jpeg(card()) for name in ("selfie", "id_photo") if name != field}
    assert assert_problem(client.post(path, files=files), 400, "missing_file")["field"] == field


@pytest.mark.parametrize(("field", "words"), [("selfie", "Selfie"), ("id_photo", "ID photo")])
def test_a_comparison_says_in_which_picture_a_face_is_missing(client: httpx.Client, field: str, words: str) -> None:
    files = {"selfie": jpeg(card()), "id_photo": jpeg(card()), field: pdf("No face here.")}
    body = assert_problem(client.post("/compare-faces", files=files), 404, "no_face")
    assert body["field"] == field
    assert body["detail"].startswith(words)


@pytest.mark.parametrize("threshold", ["x", "-0.1", "2.1", "nan", "inf"])
def test_a_threshold_that_is_none_is_a_bad_request(client: httpx.Client, threshold: str) -> None:
    files = {"selfie": jpeg(card()), "id_photo": jpeg(card())}
    response = client.post("/compare-faces", files=files, data={"threshold": threshold})
    assert_problem(response, 400, "invalid_threshold")


def test_a_malformed_form_is_a_bad_request(client: httpx.Client) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}
    assert_problem(client.post("/extract-face", content=b"no boundary", headers=headers), 400, "invalid_request")


@pytest.mark.parametrize("job_id", ["unknown", "00000000-0000-4000-8000-000000000000"])
def test_an_unknown_job_is_not_found(client: httpx.Client, job_id: str) -> None:
    assert_problem(client.get(f"/jobs/{job_id}"), 404, "job_not_found")


def test_an_unknown_address_and_method_are_problems_too(client: httpx.Client) -> None:
    assert_problem(client.get("/nothing/here"), 404, "not_found")
    assert_problem(client.get("/extract-face"), 405, "method_not_allowed")


def test_refused_and_ended_jobs_leave_no_document_behind(client: httpx.Client, system: System) -> None:
    client.post("/extract-face", files={"file": jpeg(card())})
    client.post("/extract-face", files={"file": jpeg(card())[:20_000]})
    data = Path(system.environment["DATA_DIR"])
    assert [path for path in (data / "blobs" / "documents").rglob("*") if path.is_file()] == []
    for path in data.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(magic in content for magic in (b"\xff\xd8\xff\xe0", b"\x89PNG\r\n", b"%PDF-1")), path


def test_every_failure_of_the_vision_engine_has_words() -> None:
    kinds = VisionError.__subclasses__()
    assert kinds
    assert {kind.code for kind in kinds} <= PROBLEMS.keys()
