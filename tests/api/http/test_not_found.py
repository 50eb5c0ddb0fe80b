"""Unknown jobs, batches, URLs and methods have problem documents as responses."""

import httpx
import pytest

from tests.support.problems import assert_problem


@pytest.mark.parametrize("job_id", ["unknown", "00000000-0000-4000-8000-000000000000"])
@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("GET", "/events"), ("DELETE", "")])
async def test_an_unknown_job_is_not_found(client: httpx.AsyncClient, job_id: str, method: str, path: str) -> None:
    assert_problem(await client.request(method, f"/jobs/{job_id}{path}"), 404, "job_not_found")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("GET", "/results"), ("GET", "/results.csv"), ("GET", "/portraits.zip")]
)
async def test_an_unknown_batch_is_not_found(client: httpx.AsyncClient, method: str, path: str) -> None:
    assert_problem(await client.request(method, f"/batches/unknown{path}"), 404, "batch_not_found")


async def test_unknown_urls_and_methods_are_problem_documents(client: httpx.AsyncClient) -> None:
    assert_problem(await client.get("/nothing/here"), 404, "not_found")
    assert_problem(await client.get("/extract-face"), 405, "method_not_allowed")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/extract-face", "POST"),
        ("/jobs/extract-face", "POST"),
        ("/jobs/any", "DELETE, GET, HEAD"),
        ("/jobs/any/events", "GET, HEAD"),
        ("/batches/any", "DELETE, GET, HEAD"),
        ("/", "GET, HEAD"),
        ("/metrics", "GET, HEAD"),
        ("/openapi.json", "GET, HEAD"),
        ("/console/main.js", "GET, HEAD"),
        ("/static-offline-docs/swagger-ui.css", "GET, HEAD"),
    ],
)
async def test_the_response_to_a_wrong_method_lists_the_allowed_methods(
    client: httpx.AsyncClient, path: str, allowed: str
) -> None:
    refused = await client.put(path)
    assert_problem(refused, 405, "method_not_allowed")
    assert refused.headers["allow"] == allowed
