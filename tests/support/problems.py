"""What every problem document has in common."""

from typing import Any

import httpx

from shared.errors import PROBLEMS


def assert_problem(response: httpx.Response, status: int, code: str, detail: str | None = None) -> dict[str, Any]:
    """Check that the answer is this problem, as RFC 9457 and the contract have it; return it.

    ``detail`` is the sentence for people, where it is not the problem's own.
    """
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["success"] is False
    assert body["status"] == status
    assert body["code"] == code
    assert body["title"] == PROBLEMS[code].title
    assert body["detail"].endswith(detail or PROBLEMS[code].detail)
    return body
