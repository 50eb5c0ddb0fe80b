"""What a web page of another origin may ask for: the contract and its own jobs, and nothing that lists or exports."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from shared.settings import Settings
from tests.api.conftest import calling
from tests.support.compose import card, jpeg
from tests.support.keys import ring
from tests.support.problems import assert_problem

EVIL, NAMED = "https://evil.example", "https://forms.example"
PAGE = {"origin": EVIL}
CARD = jpeg(card())
OF_BATCH: dict[str, Any] = {"files": {"file": CARD}, "data": {"batch": "intake"}}

FILES = ("/console/main.js", "/static-offline-docs/swagger-ui.css", "/nothing/here")
"""Addresses that are no endpoints."""

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


async def test_every_endpoint_is_known_to_these_tests(app: FastAPI) -> None:
    found = {
        (method, str(route.path))
        for route in iter_route_contexts(app.routes)
        for method in (route.methods or set()) - {"HEAD"}
    }
    missing = {(method, path) for method, path in OPEN | CLOSED if (method, path) not in found}
    assert missing == {("GET", path) for path in FILES}
    assert found <= OPEN | CLOSED


@pytest.mark.parametrize(("method", "path"), sorted(CLOSED))
async def test_what_lists_or_exports_is_refused_to_a_foreign_page(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    asked = {"access-control-request-method": method, **PAGE}
    for refused in (
        await client.request(method, address(path), headers=PAGE),
        await client.options(address(path), headers=asked),
        await client.request(method, address(path), headers=PAGE | {"sec-fetch-site": "same-site"}),
        await client.request(method, address(path), headers={"origin": "null"}),  # a file, or a sandbox
    ):
        assert "CORS_ORIGINS" in assert_problem(refused, 403, "origin_not_allowed")["detail"]
        assert "access-control-allow-origin" not in refused.headers


@pytest.mark.parametrize(("method", "path"), sorted(OPEN))
async def test_what_web_applications_use_is_open_to_every_page(
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
async def test_programs_the_console_and_people_who_follow_a_link_see_everything(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    assert (await client.get("/stats", headers=headers)).status_code == 200


@pytest.mark.parametrize("mode", ["no-cors", "cors"])
async def test_a_page_that_asks_without_saying_its_origin_is_refused(client: httpx.AsyncClient, mode: str) -> None:
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": mode}
    assert_problem(await client.get("/batches/intake/portraits.zip", headers=headers), 403, "origin_not_allowed")


async def test_a_form_on_a_foreign_page_cannot_delete(client: httpx.AsyncClient) -> None:
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", **PAGE}
    assert_problem(await client.delete("/batches/intake", headers=headers), 403, "origin_not_allowed")


@pytest.mark.parametrize("path", ["/extract-face", "/jobs/extract-face"])
@pytest.mark.parametrize("place", ["data", "params"])
async def test_without_keys_a_foreign_page_adds_to_no_batch(client: httpx.AsyncClient, path: str, place: str) -> None:
    fields: dict[str, Any] = {place: {"batch": "intake"}}
    refused = await client.post(path, files={"file": CARD}, headers=PAGE, **fields)
    assert assert_problem(refused, 403, "origin_not_allowed")["field"] == "batch"
    assert (await client.get("/batches/intake")).status_code == 404
    own = {"origin": "http://127.0.0.1"}
    assert (await client.post("/jobs/extract-face", files={"file": CARD}, headers=own, **fields)).status_code == 202


class TestWithKeys:
    """Batches are each key's own; what lists them still answers no page that is not named."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"api_keys_file": settings.data_dir.parent / "keys.toml"})

    @pytest.fixture(autouse=True)
    def key(self, settings: Settings) -> str:
        return ring(settings.data_dir.parent)[1]

    async def test_a_foreign_page_may_add_to_a_batch_of_its_key_but_not_list_it(self, key: str, app: FastAPI) -> None:
        async with calling(app, headers={"x-api-key": key, **PAGE}) as client:
            assert (await client.post("/jobs/extract-face", **OF_BATCH)).status_code == 202
            assert_problem(await client.get("/batches/intake"), 403, "origin_not_allowed")


class TestNamedOrigins:
    """``CORS_ORIGINS`` names a web application, and still admits any to what is open."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"cors_origins": ["*", NAMED]})

    @pytest.mark.parametrize("path", ["/stats", "/openapi.json", "/batches/intake"])
    async def test_an_origin_that_is_named_reads_what_lists_and_exports(
        self, client: httpx.AsyncClient, path: str
    ) -> None:
        answer = await client.get(path, headers={"origin": NAMED, "sec-fetch-site": "cross-site"})
        assert answer.status_code in {200, 404}
        assert answer.headers["access-control-allow-origin"] == NAMED
        assert_problem(await client.get(path, headers=PAGE), 403, "origin_not_allowed")

    async def test_it_may_use_batches(self, client: httpx.AsyncClient) -> None:
        answer = await client.post("/jobs/extract-face", **OF_BATCH, headers={"origin": NAMED})
        assert answer.status_code == 202

    async def test_others_use_what_is_open(self, client: httpx.AsyncClient) -> None:
        assert (await client.get("/", headers=PAGE)).headers["access-control-allow-origin"] == "*"


class TestOnlyNamedOrigins:
    """``CORS_ORIGINS`` without a star: no other page is answered at all."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"cors_origins": [NAMED]})

    async def test_no_other_page_is_answered(self, client: httpx.AsyncClient) -> None:
        refused = await client.post("/jobs/extract-face", files={"file": CARD}, headers=PAGE)
        assert_problem(refused, 403, "origin_not_allowed")
        own = {"origin": "http://127.0.0.1"}
        assert (await client.post("/jobs/extract-face", files={"file": CARD}, headers=own)).status_code == 202
