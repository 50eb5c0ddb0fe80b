"""Cross-origin requests: web pages may use the synchronous endpoints and their own jobs, but no lists or exports."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from shared.settings import Settings
from tests.api.conftest import calling
from tests.support.api_keys import write_key_file
from tests.support.compose import card, jpeg
from tests.support.problems import assert_problem

EVIL, NAMED = "https://evil.example", "https://forms.example"
PAGE = {"origin": EVIL}
CARD = jpeg(card())
OF_BATCH: dict[str, Any] = {"files": {"file": CARD}, "data": {"batch": "intake"}}

FILES = ("/console/main.js", "/static-offline-docs/swagger-ui.css", "/nothing/here")
"""URLs that are not endpoints."""

OPEN = {
    ("GET", "/"),
    ("POST", "/extract-face"),
    ("POST", "/compare-faces"),
    ("POST", "/jobs/extract-face"),
    ("POST", "/jobs/compare-faces"),
    ("GET", "/jobs/{job_id}"),
    ("GET", "/jobs/{job_id}/events"),
    ("DELETE", "/jobs/{job_id}"),
}
CLOSED = {
    ("GET", "/batches/{name}"),
    ("GET", "/batches/{name}/results"),
    ("GET", "/batches/{name}/results.csv"),
    ("GET", "/batches/{name}/portraits.zip"),
    ("DELETE", "/batches/{name}"),
    ("GET", "/stats"),
    ("GET", "/stats/history"),
    ("GET", "/metrics"),
    ("GET", "/health/live"),
    ("GET", "/health/accepting"),
    ("GET", "/health/ready"),
    ("GET", "/docs"),
    ("GET", "/docs/oauth2-redirect"),
    ("GET", "/redoc"),
    ("GET", "/openapi.json"),
    *(("GET", path) for path in FILES),
}


def address(path: str) -> str:
    return path.format(job_id="00000000-0000-4000-8000-000000000000", name="intake")


async def test_these_tests_cover_every_endpoint(app: FastAPI) -> None:
    found = {
        (method, str(route.path))
        for route in iter_route_contexts(app.routes)
        for method in (route.methods or set()) - {"HEAD"}
    }
    missing = {(method, path) for method, path in OPEN | CLOSED if (method, path) not in found}
    assert missing == {("GET", path) for path in FILES}
    assert found <= OPEN | CLOSED


@pytest.mark.parametrize(("method", "path"), sorted(CLOSED))
async def test_lists_and_exports_are_refused_for_other_origins(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    asked = {"access-control-request-method": method, **PAGE}
    for refused in (
        await client.request(method, address(path), headers=PAGE),
        await client.options(address(path), headers=asked),
        await client.request(method, address(path), headers=PAGE | {"sec-fetch-site": "same-site"}),
        await client.request(method, address(path), headers={"origin": "null"}),  # a local file or a sandboxed page
    ):
        assert "CORS_ORIGINS" in assert_problem(refused, 403, "origin_not_allowed")["detail"]
        assert "access-control-allow-origin" not in refused.headers


@pytest.mark.parametrize(("method", "path"), sorted(OPEN))
async def test_endpoints_for_web_applications_allow_all_origins(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    answer = await client.request(method, address(path), headers=PAGE | {"sec-fetch-site": "cross-site"})
    assert answer.status_code in {200, 400, 404}
    asked = {"access-control-request-method": method, **PAGE}
    preflight = await client.options(address(path), headers=asked)
    assert preflight.status_code == 200
    for each in (answer, preflight):
        assert each.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in each.headers


async def test_a_web_application_can_follow_a_job_that_it_submitted(client: httpx.AsyncClient) -> None:
    accepted = await client.post("/jobs/extract-face", files={"file": CARD}, headers=PAGE)
    assert accepted.status_code == 202
    assert "Location" in accepted.headers["access-control-expose-headers"]
    job = await client.get(accepted.headers["location"], headers=PAGE)
    assert job.json()["status"] == "queued"
    assert job.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "http://127.0.0.1"},
        {"origin": "http://127.0.0.1", "sec-fetch-site": "same-origin"},
        {"origin": "https://behind.a.proxy", "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"},
        {"sec-fetch-site": "none", "sec-fetch-mode": "navigate"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},
    ],
    ids=["no browser", "console", "newer console", "console behind a proxy", "its fetch", "typed address", "link"],
)
async def test_programs_the_console_and_links_are_allowed(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    assert (await client.get("/stats", headers=headers)).status_code == 200


@pytest.mark.parametrize("mode", ["no-cors", "cors"])
async def test_cross_site_requests_without_origin_are_refused(client: httpx.AsyncClient, mode: str) -> None:
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": mode}
    assert_problem(await client.get("/batches/intake/portraits.zip", headers=headers), 403, "origin_not_allowed")


async def test_a_cross_site_navigation_cannot_delete(client: httpx.AsyncClient) -> None:
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", **PAGE}
    assert_problem(await client.delete("/batches/intake", headers=headers), 403, "origin_not_allowed")


@pytest.mark.parametrize("path", ["/extract-face", "/jobs/extract-face"])
@pytest.mark.parametrize("place", ["data", "params"])
async def test_without_keys_other_origins_cannot_add_to_a_batch(
    client: httpx.AsyncClient, path: str, place: str
) -> None:
    fields: dict[str, Any] = {place: {"batch": "intake"}}
    refused = await client.post(path, files={"file": CARD}, headers=PAGE, **fields)
    assert assert_problem(refused, 403, "origin_not_allowed")["field"] == "batch"
    assert (await client.get("/batches/intake")).status_code == 404
    own = {"origin": "http://127.0.0.1"}
    assert (await client.post("/jobs/extract-face", files={"file": CARD}, headers=own, **fields)).status_code == 202


class TestWithKeys:
    """With API keys, batches belong to their key, and lists are still refused for other origins."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"api_keys_file": settings.data_dir.parent / "keys.toml"})

    @pytest.fixture(autouse=True)
    def key(self, settings: Settings) -> str:
        return write_key_file(settings.data_dir.parent)[1]

    async def test_with_keys_other_origins_can_add_to_a_batch_but_not_list_it(self, key: str, app: FastAPI) -> None:
        async with calling(app, headers={"x-api-key": key, **PAGE}) as client:
            assert (await client.post("/jobs/extract-face", **OF_BATCH)).status_code == 202
            assert_problem(await client.get("/batches/intake"), 403, "origin_not_allowed")


class TestNamedOrigins:
    """``CORS_ORIGINS`` with a star and a listed origin."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"cors_origins": ["*", NAMED]})

    @pytest.mark.parametrize("path", ["/stats", "/openapi.json", "/batches/intake"])
    async def test_a_listed_origin_may_use_lists_and_exports(self, client: httpx.AsyncClient, path: str) -> None:
        answer = await client.get(path, headers={"origin": NAMED, "sec-fetch-site": "cross-site"})
        assert answer.status_code in {200, 404}
        assert answer.headers["access-control-allow-origin"] == NAMED
        assert_problem(await client.get(path, headers=PAGE), 403, "origin_not_allowed")

    async def test_a_listed_origin_may_use_batches(self, client: httpx.AsyncClient) -> None:
        answer = await client.post("/jobs/extract-face", **OF_BATCH, headers={"origin": NAMED})
        assert answer.status_code == 202

    async def test_other_origins_may_use_open_endpoints(self, client: httpx.AsyncClient) -> None:
        assert (await client.get("/", headers=PAGE)).headers["access-control-allow-origin"] == "*"


class TestOnlyNamedOrigins:
    """``CORS_ORIGINS`` without a star."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"cors_origins": [NAMED]})

    async def test_other_origins_are_refused(self, client: httpx.AsyncClient) -> None:
        refused = await client.post("/jobs/extract-face", files={"file": CARD}, headers=PAGE)
        assert_problem(refused, 403, "origin_not_allowed")
        own = {"origin": "http://127.0.0.1"}
        assert (await client.post("/jobs/extract-face", files={"file": CARD}, headers=own)).status_code == 202
