"""Security headers of all responses, and no internal details in error responses."""

from pathlib import Path

import httpx
import pytest
from structlog.contextvars import merge_contextvars
from structlog.processors import format_exc_info
from structlog.testing import capture_logs

from shared.jobs import JobRepository
from shared.settings import Settings

ANSWERS = ["/", "/health/live", "/stats", "/jobs/unknown", "/nothing/here", "/docs", "/openapi.json", "/console/main"]


@pytest.mark.parametrize("path", ANSWERS)
async def test_every_response_has_security_headers(client: httpx.AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "default-src 'none'" in headers["content-security-policy"] or path == "/docs"
    assert "max-age=" in headers["strict-transport-security"]
    camera = "(self)" if path == "/" else "()"  # the console takes pictures
    assert headers["permissions-policy"] == f"camera={camera}, geolocation=(), microphone=()"


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
async def test_all_origins_are_allowed_but_none_with_credentials(client: httpx.AsyncClient, method: str) -> None:
    headers = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    answer = await client.request(method, "/", headers=headers)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers


class TestNarrowedOrigins:
    """``CORS_ORIGINS`` lists the allowed origins."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"cors_origins": ["https://forms.example"]})

    @pytest.mark.parametrize(("origin", "allowed"), [("https://forms.example", True), ("https://evil.example", False)])
    async def test_only_listed_origins_are_allowed(
        self, client: httpx.AsyncClient, origin: str, *, allowed: bool
    ) -> None:
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        answer = await client.options("/extract-face", headers=headers)
        assert (answer.headers.get("access-control-allow-origin") == origin) is allowed


class TestFailure:
    """A request that raises an unexpected exception."""

    WORDS = "internal details"

    @pytest.fixture(autouse=True)
    def _broken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def fail(*_: object) -> None:
            raise RuntimeError(f"{self.WORDS}: {__file__}")

        monkeypatch.setattr(JobRepository, "get", fail)

    async def test_the_response_has_the_request_id_and_no_details(self, client: httpx.AsyncClient) -> None:
        with capture_logs([merge_contextvars, format_exc_info]) as logged:
            answer = await client.get("/jobs/x", headers={"origin": "https://form.example"})
        assert answer.status_code == 500
        body = answer.json()
        assert body["code"] == "internal_error"
        (line,) = logged
        assert line["request_id"] == body["request_id"] == answer.headers["x-request-id"]
        assert self.WORDS in line["exception"]
        words = (self.WORDS, "RuntimeError", ".py", "Traceback", str(Path(__file__).parents[3]))
        assert not any(word in answer.text for word in words)
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert (await client.get("/health/live")).status_code == 200
