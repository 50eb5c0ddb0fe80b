"""A form that cannot be accepted has its own answer, and nothing of it is kept."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.settings import Settings
from tests.compose import card, jpeg
from tests.problems import assert_problem

TEXT = b"This was never a picture.\n" * 100
MEGABYTE = 1024 * 1024

REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "empty_file"),
    "text renamed to jpg": (lambda: TEXT, "unsupported_format"),
    "html": (lambda: b"<html><body>hello</body></html>", "unsupported_format"),
    "svg": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', "unsupported_format"),
    "zip": (lambda: b"PK\x03\x04" + bytes(100), "unsupported_format"),
    "gif": (lambda: b"GIF89a" + bytes(100), "unsupported_format"),
    "11 MB": (lambda: jpeg(card()) + bytes(11 * MEGABYTE), "file_too_large"),
    "40 MB": (lambda: jpeg(card()) + bytes(40 * MEGABYTE), "file_too_large"),
}


def stored(settings: Settings) -> list[Path]:
    return [path for path in (settings.data_dir / "blobs").rglob("*") if path.is_file()]


@pytest.mark.parametrize("path", ["/extract-face", "/jobs/extract-face"])
@pytest.mark.parametrize("name", REFUSED)
async def test_a_file_that_is_no_document_is_refused_and_the_next_one_is_accepted(
    client: httpx.AsyncClient, settings: Settings, path: str, name: str
) -> None:
    make, code = REFUSED[name]
    file = io.BytesIO(make())  # sent in pieces, as a server receives it
    response = await client.post(path, files={"file": ("card.jpg", file, "image/jpeg")})
    assert assert_problem(response, 400, code)["field"] == "file"
    assert stored(settings) == []
    assert (await client.post("/jobs/extract-face", files={"file": jpeg(card())})).status_code == 202


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
async def test_no_file_is_a_bad_request(client: httpx.AsyncClient, path: str, form: dict[str, Any]) -> None:
    assert_problem(await client.post(path, **form), 400, "missing_file")


@pytest.mark.parametrize("path", ["/compare-faces", "/jobs/compare-faces"])
@pytest.mark.parametrize("field", ["selfie", "id_photo"])
async def test_a_comparison_needs_both_pictures(client: httpx.AsyncClient, path: str, field: str) -> None:
    files = {name: jpeg(card()) for name in ("selfie", "id_photo") if name != field}
    assert assert_problem(await client.post(path, files=files), 400, "missing_file")["field"] == field


async def test_a_malformed_form_is_a_bad_request(client: httpx.AsyncClient) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}
    assert_problem(await client.post("/extract-face", content=b"no boundary", headers=headers), 400, "invalid_request")


async def test_the_name_and_type_of_an_upload_do_not_matter(client: httpx.AsyncClient) -> None:
    response = await client.post("/jobs/extract-face", files={"file": ("scan.pdf", jpeg(card()), "text/html")})
    assert response.status_code == 202
