"""An unreadable document gets a specific error and leaves nothing behind, and the next document works."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
import numpy as np
import pytest
import skimage.data

from shared.errors import PROBLEMS
from tests.support.compose import FILE_STARTS, card, jpeg, pdf, png
from tests.support.eventually import eventually
from tests.support.files import files_in
from tests.support.problems import assert_problem
from tests.support.servers import ROOT, System
from tests.support.unreadable import AES_256, NO_PAGES, lying_png
from worker.vision import VisionError

BAD_FILES: dict[str, tuple[Callable[[], bytes], int, str]] = {
    "truncated jpeg": (lambda: jpeg(card())[:20_000], 400, "unreadable_image"),
    "jpeg header only": (lambda: jpeg(card())[:3], 400, "unreadable_image"),
    "png with a lying header": (lambda: lying_png(card(), width=4000), 400, "unreadable_image"),
    "png that claims a billion pixels": (lambda: lying_png(card(), 60_000, 60_000), 400, "image_too_large"),
    "encrypted pdf": (lambda: pdf("x", encryption=AES_256, user_pw="u", owner_pw="o"), 400, "encrypted_pdf"),
    "pdf without pages": (lambda: NO_PAGES, 400, "empty_pdf"),
    "broken pdf": (lambda: b"%PDF-1.7\n" + bytes(500), 400, "unreadable_pdf"),
    "pdf of text only": (lambda: pdf("Nothing but text. " * 50), 404, "no_face"),
    "cat": (lambda: png(np.asarray(skimage.data.chelsea(), np.uint8)), 404, "no_face"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_gets_a_specific_error(client: httpx.Client, name: str) -> None:
    make, status, code = BAD_FILES[name]
    response = client.post("/extract-face", files={"file": ("card.jpg", make(), "image/jpeg")})
    body = assert_problem(response, status, code)
    assert body["field"] == "file"
    assert client.post("/extract-face", files={"file": jpeg(card())}).status_code == 200


@pytest.mark.parametrize(("field", "label"), [("selfie", "Selfie"), ("id_photo", "ID photo")])
def test_a_comparison_names_the_picture_without_a_face(client: httpx.Client, field: str, label: str) -> None:
    files = {"selfie": jpeg(card()), "id_photo": jpeg(card()), field: pdf("No face here.")}
    body = assert_problem(client.post("/compare-faces", files=files), 404, "no_face")
    assert body["field"] == field
    assert body["detail"].startswith(label)


def test_rejected_and_ended_jobs_leave_no_document_behind(client: httpx.Client, system: System) -> None:
    client.post("/extract-face", files={"file": jpeg(card())})
    client.post("/extract-face", files={"file": jpeg(card())[:20_000]})
    data = Path(system.environment["DATA_DIR"])
    # The response may arrive before the worker has deleted the document.
    eventually(lambda: not files_in(data / "blobs" / "documents"), waiting_for="documents to be deleted")
    for path in files_in(data):
        with suppress(FileNotFoundError):  # a file can be deleted meanwhile
            content = path.read_bytes()
            assert not any(magic in content for magic in FILE_STARTS), path


def test_no_error_contains_a_path_a_version_or_a_library(client: httpx.Client) -> None:
    bad = [
        client.post("/extract-face", files={"file": b"%PDF-1.7 broken"}),
        client.post("/extract-face", files={"file": b"\xff\xd8\xff broken"}),
        client.post("/extract-face", files={"file": b"\x89PNG\r\n\x1a\n broken"}),
        client.post("/extract-face", content=b"x", headers={"content-type": "multipart/form-data"}),
        client.get("/jobs/x", params={"wait": "x"}),
        client.get("/batches/%00"),
    ]
    secrets = (str(ROOT).lower(), "pillow", "mupdf", "python", "traceback", ".py")
    for response in bad:
        assert 400 <= response.status_code < 500
        assert not any(word in response.text.lower() for word in secrets)


def test_every_error_of_the_vision_engine_has_a_description() -> None:
    kinds = VisionError.__subclasses__()
    assert kinds
    assert {kind.code for kind in kinds} <= PROBLEMS.keys()
