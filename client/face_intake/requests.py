"""Requests as data, and answers as models: all that the synchronous and the asynchronous client share."""

import os
import uuid
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from httpx_retries import Retry
from pydantic import BaseModel

from face_intake.documents import Document, upload_of
from face_intake.errors import ApiError
from face_intake.models import Job

Answer = TypeVar("Answer", bound=BaseModel)

DEFAULT_URL = "http://127.0.0.1:7860"

TIMEOUT = httpx.Timeout(75.0, connect=10.0)
"""Seconds: longer than the service lets a request wait (60)."""

LONGEST_WAIT = 30
"""Seconds that one question for a job waits; asked again until it has ended."""

LOOK_EVERY = 1.0
"""Seconds between two looks for results that are still to come."""

RETRIES = 8
"""Times that a request is sent again which was not answered, or with 429, 502, 503 or 504."""

_LONGEST_PAUSE = 120.0  # seconds between two attempts, whatever Retry-After says
_FIRST_PAUSE = 0.5  # seconds, twice as long each time where Retry-After says nothing


@dataclass(frozen=True, slots=True)
class Call:
    """A request.

    Attributes
    ----------
    files, data
        Of its form, where it is a POST.

    """

    method: str
    path: str
    params: dict[str, Any] = field(default_factory=dict)
    files: dict[str, Any] | None = None
    data: dict[str, str] | None = None
    headers: dict[str, str] = field(default_factory=dict)


def retrying(total: int = RETRIES) -> Retry:
    """Return how requests are sent again. Every POST has an idempotency key, so that it has no effect twice."""
    methods = ["GET", "POST", "DELETE"]
    return Retry(total=total, allowed_methods=methods, backoff_factor=_FIRST_PAUSE, max_backoff_wait=_LONGEST_PAUSE)


def options(url: str | None, key: str | None, timeout: httpx.Timeout | float) -> dict[str, Any]:
    """Return what an httpx client is made with: address and key are those of the environment if not given."""
    key = key or os.environ.get("FACE_INTAKE_KEY")
    return {
        "base_url": url or os.environ.get("FACE_INTAKE_URL") or DEFAULT_URL,
        "headers": {"Authorization": f"Bearer {key}"} if key else {},
        "timeout": timeout,
    }


def post(
    path: str, documents: dict[str, Document], idempotency_key: str | None, **fields: str | float | bool | None
) -> Call:
    """Return the request that hands documents in.

    Raises
    ------
    OSError
        A file cannot be read.

    """
    given = {name: value for name, value in fields.items() if value is not None and value is not False}
    data = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in given.items()}
    files = {name: upload_of(document) for name, document in documents.items()}
    headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
    return Call("POST", path, files=files, data=data, headers=headers)


def get(path: str, **params: object) -> Call:
    """Return a request that asks."""
    return Call("GET", path, params=params)


def job_path(job: Job | str) -> str:
    """Return a job's address."""
    return f"/jobs/{quote(job if isinstance(job, str) else job.id, safe='')}"


def batch_path(name: str) -> str:
    """Return a batch's address."""
    return f"/batches/{quote(name, safe='')}"


def results(batch: str, since: int) -> Call:
    """Return the request for the jobs of a batch that have ended, from a cursor on."""
    return get(f"{batch_path(batch)}/results", since=since)


def read(response: httpx.Response, model: type[Answer]) -> Answer:
    """Return the answer.

    Raises
    ------
    ApiError
        It is a failure: the class of its code.

    """
    check(response)
    return model.model_validate_json(response.content)


def check(response: httpx.Response) -> None:
    """Raise an :class:`ApiError` if the answer is a failure."""
    if not response.is_success:
        raise ApiError.of_response(response)
