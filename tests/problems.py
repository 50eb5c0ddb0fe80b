"""What every problem document has in common."""

from typing import Any

import httpx

from shared.errors import PROBLEMS


def assert_problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Check that the answer is this problem, as RFC 9457 and the contract have it; return it."""
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["success"] is False
    assert body["status"] == status
    assert body["code"] == code
    assert body["title"] == PROBLEMS[code].title
    assert body["detail"].endswith(PROBLEMS[code].detail)
    return body
