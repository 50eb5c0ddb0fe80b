"""What every answer says to browsers, and what none says to anybody."""

from pathlib import Path

import httpx
import pytest

from tests.servers import System, start

ANSWERS = ["/", "/health/live", "/stats", "/jobs/unknown", "/nothing/here", "/docs", "/openapi.json"]


@pytest.mark.parametrize("path", ANSWERS)
def test_every_answer_carries_the_headers_that_keep_browsers_from_misusing_it(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "default-src 'none'" in headers["content-security-policy"] or path == "/docs"
    assert "max-age=" in headers["strict-transport-security"]


@pytest.mark.parametrize("path", ANSWERS)
def test_no_answer_says_what_serves_it(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert not {"server", "x-powered-by", "via"} & {name.lower() for name in headers}


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_any_origin_may_ask_but_none_with_credentials(client: httpx.Client, method: str) -> None:
    headers = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    answer = client.request(method, "/", headers=headers)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers


def test_a_request_that_breaks_is_answered_with_the_name_that_the_logs_know_and_nothing_else(
    valkey_url: str, tmp_path: Path
) -> None:
    settings = {"redis_url": valkey_url, "data_dir": tmp_path}
    api = start(["-m", "tests.sabotage", "api-that-breaks"], tmp_path / "log", **settings)
    try:
        api.wait_until_live()
        answer = httpx.get(f"{api.url}/jobs/x", headers={"origin": "https://form.example"})
        again = httpx.get(f"{api.url}/health/live")
    finally:
        api.interrupt()
    assert answer.status_code == 500
    body = answer.json()
    assert body["code"] == "internal_error"
    assert body["request_id"] == answer.headers["x-request-id"]
    assert body["request_id"] in api.log.read_text()
    assert not any(word in answer.text for word in ("nobody must read", "RuntimeError", ".py", "Traceback"))
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert again.status_code == 200


def test_no_error_names_a_path_a_version_or_a_library(client: httpx.Client, system: System) -> None:
    bad = [
        client.post("/extract-face", files={"file": b"%PDF-1.7 broken"}),
        client.post("/extract-face", files={"file": b"\xff\xd8\xff broken"}),
        client.post("/extract-face", files={"file": b"\x89PNG\r\n\x1a\n broken"}),
        client.post("/extract-face", content=b"x", headers={"content-type": "multipart/form-data"}),
        client.get("/jobs/x", params={"wait": "x"}),
        client.get("/batches/%00"),
    ]
    for answer in bad:
        assert 400 <= answer.status_code < 500
        words = answer.text.lower()
        secrets = (str(Path(__file__).parents[2]), "pillow", "mupdf", "python", "traceback", ".py")
        assert not any(word in words for word in secrets)
    assert system.process.poll() is None
