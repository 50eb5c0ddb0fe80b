"""Accepted file formats and warnings, tested with an API without a vision engine."""

import copy
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from face_intake import Client
from face_intake.folder import find_documents
from face_intake.models import Info

from shared.formats import FORMATS
from shared.settings import Settings
from tests.api.server import serving
from tests.api.worker import BODIES, Worker
from tests.client.command import call
from tests.support.compose import card, jpeg
from tests.support.eventually import eventually
from tests.support.servers import free_port

ORIGINAL = [".jpeg", ".jpg", ".pdf", ".png"]
PAGES = {"code": "unreadable_pages", "field": "id_photo", "reason": None}
COLOURS = {"code": "approximate_colours", "field": "selfie", "reason": None}


@pytest.fixture
def settings(valkey_url: str, tmp_path: Path) -> Settings:
    return Settings(redis_url=valkey_url, data_dir=tmp_path / "data")


@pytest.fixture
def url(settings: Settings) -> Iterator[str]:
    with serving(settings) as url:
        yield url


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    for name in ("one.HEIC", "two.tif", "three.jpg", "four.pdf", "five.docx", "notes.txt"):
        (folder / name).write_bytes(b"content")
    return folder


def accepted_documents(folder: Path, url: str) -> list[str]:
    with Client(url) as client:
        return [path for path, _ in find_documents(folder, client.info().suffixes)]


def test_the_documents_of_a_folder_are_the_files_that_the_service_accepts(url: str, folder: Path) -> None:
    assert accepted_documents(folder, url) == ["four.pdf", "one.HEIC", "three.jpg", "two.tif"]
    with Client(url) as client:
        assert [each.label for each in client.info().formats] == [each.label for each in FORMATS]


def test_a_service_with_fewer_formats_receives_fewer_files(settings: Settings, folder: Path) -> None:
    with serving(settings, accepted_formats=["jpeg", "pdf"]) as url:
        assert accepted_documents(folder, url) == ["four.pdf", "three.jpg"]


def test_an_older_service_receives_the_original_formats(folder: Path) -> None:
    older = Info.model_validate({"name": "older", "status": "ok", "version": "0.1.0", "docs": "/docs"})
    assert sorted(older.suffixes) == ORIGINAL
    assert [path for path, _ in find_documents(folder, older.suffixes)] == ["four.pdf", "three.jpg"]


def test_intake_submits_nothing_if_the_formats_are_unknown(folder: Path, tmp_path: Path) -> None:
    done = call(f"http://127.0.0.1:{free_port()}", "intake", folder, "--out", "out.csv", cwd=tmp_path)
    assert done.returncode == 3
    assert "127.0.0.1" in done.stderr
    assert not (tmp_path / "out.csv").exists()


def example_with(kind: str, **changes: Any) -> dict[str, Any]:
    """Return the example result of the OpenAPI description with changed fields."""
    body: dict[str, Any] = copy.deepcopy(BODIES[kind])
    (body["metadata"] if kind == "extract-face" else body).update(changes)
    return body


def run(settings: Settings, url: str, folder: Path, body: dict[str, Any], *arguments: str) -> list[str]:
    """Return the output of a command whose job ends with this result."""
    (folder / "one.jpg").write_bytes(jpeg(card()))
    lines: list[str] = []
    command = threading.Thread(target=lambda: lines.extend(call(url, *arguments, cwd=folder).stdout.splitlines()))
    command.start()
    worker = Worker(settings)
    with Client(url) as client:
        eventually(lambda: client.stats().queues["interactive"].waiting == 1, waiting_for="the command's job")
    worker.succeed(body)
    command.join()
    worker.close()
    return lines


def test_extract_lists_the_unreadable_pages(settings: Settings, url: str, folder: Path) -> None:
    body = example_with("extract-face", warnings=["unreadable_pages", "approximate_colours"], unreadable_pages=[2, 3])
    (line,) = run(settings, url, folder, body, "extract", "one.jpg")
    assert line.endswith("; unreadable_pages (2, 3), approximate_colours")


@pytest.mark.parametrize(
    ("warning", "line"),
    [
        ({**PAGES, "pages": [2]}, "page 2 could not be read; if the photo is there, scan it again"),
        ({**PAGES, "pages": [2, 3]}, "pages 2, 3 could not be read; if the photo is there, scan it again"),
        (COLOURS, "the file does not define its colours, which may be wrong; send it as an sRGB picture"),
        ({**COLOURS, "code": "from_the_future"}, "from the future"),
    ],
)
def test_compare_prints_the_warnings_about_a_file(
    settings: Settings, url: str, folder: Path, warning: dict[str, Any], line: str
) -> None:
    body = example_with("compare-faces", warnings=[warning])
    assert run(settings, url, folder, body, "compare", "one.jpg", "one.jpg")[1:] == [f"warning: one.jpg: {line}"]
