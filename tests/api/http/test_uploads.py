"""Uploads that are not accepted: each has a specific error, and nothing is stored."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from PIL import Image

from shared.formats import FORMATS
from shared.settings import Settings
from tests.support.compose import card, jpeg
from tests.support.encoding import saved
from tests.support.files import stored
from tests.support.problems import assert_problem

TEXT = b"This is not a picture.\n" * 100
MEGABYTE = 1024 * 1024

PHOTO = "end a photo of the document as JPEG, PNG, HEIC, AVIF, WebP or TIFF."
PICTURE = "Save it as JPEG, PNG, HEIC, AVIF, WebP, TIFF or PDF."
ARCHIVE = "Unpack it and send the document as JPEG, PNG, HEIC, AVIF, WebP, TIFF or PDF."


def word() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("[Content_Types].xml", "_rels/.rels", "word/document.xml"):
            archive.writestr(name, "<xml/>")
    return file.getvalue()


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100)
"""The start of a picture from an iPhone."""

REFUSED: dict[str, tuple[Callable[[], bytes], str, str | None]] = {
    "empty": (lambda: b"", "empty_file", None),
    "text renamed to jpg": (lambda: TEXT, "unsupported_format", f"is plain text. Save it as PDF, or s{PHOTO}"),
    "html": (
        lambda: b"<html><body>hello</body></html>",
        "unsupported_format",
        f"is a web page (HTML). Save it as PDF, or s{PHOTO}",
    ),
    "svg": (
        lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>',
        "unsupported_format",
        f"is an SVG drawing. Save it as PDF, or s{PHOTO}",
    ),
    "word": (word, "unsupported_format", f"is a Word document (DOCX). Save it as PDF, or s{PHOTO}"),
    "zip": (lambda: b"PK\x03\x04" + bytes(100), "unsupported_format", f"is a ZIP archive. {ARCHIVE}"),
    "gif": (lambda: b"GIF89a" + bytes(100), "unsupported_format", f"is a GIF picture. {PICTURE}"),
    "video": (
        lambda: b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(100),
        "unsupported_format",
        f"is a video (MP4). S{PHOTO}",
    ),
    "unknown": (lambda: bytes(100), "unsupported_format", None),
    "11 MB": (lambda: jpeg(card()) + bytes(11 * MEGABYTE), "file_too_large", None),
    "40 MB": (lambda: jpeg(card()) + bytes(40 * MEGABYTE), "file_too_large", None),
}


@pytest.mark.parametrize("path", ["/extract-face", "/jobs/extract-face"])
@pytest.mark.parametrize("name", REFUSED)
async def test_invalid_files_are_refused_and_the_next_file_is_accepted(
    client: httpx.AsyncClient, settings: Settings, path: str, name: str
) -> None:
    make, code, detail = REFUSED[name]
    file = io.BytesIO(make())  # sent in pieces, as a server receives it
    response = await client.post(path, files={"file": ("card.jpg", file, "image/jpeg")})
    assert assert_problem(response, 400, code, detail)["field"] == "file"
    assert not stored(settings)
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
async def test_a_missing_file_is_a_bad_request(client: httpx.AsyncClient, path: str, form: dict[str, Any]) -> None:
    assert_problem(await client.post(path, **form), 400, "missing_file")


@pytest.mark.parametrize("path", ["/compare-faces", "/jobs/compare-faces"])
@pytest.mark.parametrize("field", ["selfie", "id_photo"])
async def test_a_comparison_needs_both_pictures(client: httpx.AsyncClient, path: str, field: str) -> None:
    files = {name: jpeg(card()) for name in ("selfie", "id_photo") if name != field}
    assert assert_problem(await client.post(path, files=files), 400, "missing_file")["field"] == field


async def test_a_malformed_form_is_a_bad_request(client: httpx.AsyncClient) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}
    assert_problem(await client.post("/extract-face", content=b"no boundary", headers=headers), 400, "invalid_request")


async def test_file_name_and_media_type_of_an_upload_are_ignored(client: httpx.AsyncClient) -> None:
    response = await client.post("/jobs/extract-face", files={"file": ("scan.pdf", jpeg(card()), "text/html")})
    assert response.status_code == 202


SMALL = Image.new("RGB", (8, 8))
ACCEPTED: dict[str, Callable[[], bytes]] = {
    "jpeg": lambda: saved(SMALL, "JPEG"),
    "png": lambda: saved(SMALL, "PNG"),
    "heic": lambda: HEIC,
    "avif": lambda: saved(SMALL, "AVIF"),
    "webp": lambda: saved(SMALL, "WEBP"),
    "tiff": lambda: saved(SMALL, "TIFF"),
    "pdf": lambda: saved(SMALL, "PDF"),
}


@pytest.mark.parametrize("name", ACCEPTED)
async def test_every_format_is_accepted_by_content(client: httpx.AsyncClient, name: str) -> None:
    file = ("document", ACCEPTED[name](), "application/octet-stream")
    assert (await client.post("/jobs/extract-face", files={"file": file})).status_code == 202


def test_these_tests_cover_every_format() -> None:
    assert list(ACCEPTED) == [each.name for each in FORMATS]


async def test_the_error_of_a_comparison_names_the_picture(client: httpx.AsyncClient) -> None:
    files = {"selfie": jpeg(card()), "id_photo": word()}
    detail = "ID photo: The file is a Word document (DOCX). Save it as PDF, or s" + PHOTO
    response = await client.post("/compare-faces", files=files)
    assert assert_problem(response, 400, "unsupported_format", detail)["detail"] == detail


class TestWithFewerFormats:
    """A service that accepts only the original formats."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"accepted_formats": ["jpeg", "png", "pdf"]})

    @pytest.mark.parametrize("name", ["jpeg", "png", "pdf"])
    async def test_accepted_formats(self, client: httpx.AsyncClient, name: str) -> None:
        assert (await client.post("/jobs/extract-face", files={"file": ACCEPTED[name]()})).status_code == 202

    @pytest.mark.parametrize(
        ("name", "label"), [("heic", "HEIC"), ("avif", "AVIF"), ("webp", "WebP"), ("tiff", "TIFF")]
    )
    async def test_other_formats_are_named_in_the_error(self, client: httpx.AsyncClient, name: str, label: str) -> None:
        response = await client.post("/jobs/extract-face", files={"file": ACCEPTED[name]()})
        detail = f"The file is in {label} format, which this service does not accept. Save it as JPEG, PNG or PDF."
        assert_problem(response, 400, "unsupported_format", detail)

    @pytest.mark.parametrize("form", [{"json": {}}, {"files": {"file": ("", b"")}}])
    async def test_the_error_for_a_missing_file_lists_accepted_formats(
        self, client: httpx.AsyncClient, form: dict[str, Any]
    ) -> None:
        detail = "Attach a file to the form: JPEG, PNG or PDF."
        assert_problem(await client.post("/extract-face", **form), 400, "missing_file", detail)

    async def test_service_information_lists_accepted_formats(self, client: httpx.AsyncClient) -> None:
        formats = (await client.get("/", headers={"accept": "application/json"})).json()["formats"]
        assert [each["name"] for each in formats] == ["jpeg", "png", "pdf"]
