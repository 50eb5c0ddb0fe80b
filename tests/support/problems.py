"""Assertions about problem documents."""

from typing import Any

import httpx

from shared.errors import PROBLEMS


def assert_problem(response: httpx.Response, status: int, code: str, detail: str | None = None) -> dict[str, Any]:
    """Check that a response is this problem according to RFC 9457 and the contract, and return it.

    ``detail`` replaces the default description of the problem.
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
