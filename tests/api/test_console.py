"""``GET /``: the console for browsers, information about the service for other clients."""

import httpx
import pytest

from api.version import VERSION
from shared.formats import FORMATS
from shared.settings import Settings

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/json, text/html", None])
async def test_other_clients_get_json(client: httpx.AsyncClient, accept: str | None) -> None:
    answer = await client.get("/", headers={"accept": accept} if accept else {})
    info = answer.json()
    formats = info.pop("formats")
    assert info == {
        "name": "NSFAS Face Extraction API",
        "status": "ok",
        "version": VERSION,
        "docs": "/docs",
        "max_upload_bytes": 10 * 1024 * 1024,
    }
    assert [each["name"] for each in formats] == [each.name for each in FORMATS]
    assert formats[0] == {
        "name": "jpeg",
        "label": "JPEG",
        "media_types": ["image/jpeg"],
        "suffixes": [".jpg", ".jpeg", ".jpe", ".jfif"],
    }
    assert answer.headers["vary"].startswith("Accept")


class TestOtherUploadLimit:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"max_upload_bytes": 4_000_000})

    async def test_the_maximum_file_size_is_that_of_the_setting(self, client: httpx.AsyncClient) -> None:
        assert (await client.get("/")).json()["max_upload_bytes"] == 4_000_000


async def test_browsers_get_the_console_with_a_strict_content_security_policy(client: httpx.AsyncClient) -> None:
    answer = await client.get("/", headers={"accept": BROWSER})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert not {"unsafe", "http:", "https:", "*"} & set(policy.replace("-", " ").replace("'", " ").split())


async def test_browsers_check_whether_scripts_have_changed(client: httpx.AsyncClient) -> None:
    first = await client.get("/console/main.js")
    assert first.headers["cache-control"] == "no-cache"
    assert first.headers["x-content-type-options"] == "nosniff"
    again = await client.get("/console/main.js", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (await client.get("/console/views/document.js")).headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize("path", ["..%2fapp.py", "views", "views/", "views/..%2f..%2fapp.py", "views/nothing.js"])
async def test_nothing_but_the_files_of_the_console_is_served(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(f"/console/{path}")).status_code == 404
