"""Requests as data and responses as models: the part that the synchronous and the asynchronous client share."""

import os
import uuid
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from httpx_retries import Retry
from pydantic import BaseModel

from face_intake.documents import Document, read_upload
from face_intake.errors import ApiError
from face_intake.models import Job

ResponseModel = TypeVar("ResponseModel", bound=BaseModel)

DEFAULT_URL = "http://127.0.0.1:7860"

TIMEOUT = httpx.Timeout(75.0, connect=10.0)
"""Seconds. The timeout exceeds the time that the service lets a request wait (60)."""

MAX_WAIT = 30
"""Seconds that one request waits for the end of a job. The client repeats the request until the job has ended."""

POLL_INTERVAL = 1.0
"""Seconds between two requests for results that are not available yet."""

MAX_RETRIES = 8
"""Maximum number of retries after a connection error or the status 429, 502, 503 or 504."""

_MAX_DELAY = 120.0  # seconds between two attempts, even if Retry-After asks for more
_FIRST_DELAY = 0.5  # seconds without Retry-After; the delay doubles with each attempt


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request to the service.

    Attributes
    ----------
    files, data
        The form of a POST request.

    """

    method: str
    path: str
    params: dict[str, Any] = field(default_factory=dict)
    files: dict[str, Any] | None = None
    data: dict[str, str] | None = None
    headers: dict[str, str] = field(default_factory=dict)


def retry_policy(total: int = MAX_RETRIES) -> Retry:
    """Return how requests are retried. Every POST has an idempotency key, so that a retry has no second effect."""
    methods = ["GET", "POST", "DELETE"]
    return Retry(total=total, allowed_methods=methods, backoff_factor=_FIRST_DELAY, max_backoff_wait=_MAX_DELAY)


def client_options(url: str | None, key: str | None, timeout: httpx.Timeout | float) -> dict[str, Any]:
    """Return the arguments of the httpx client. Without ``url`` and ``key``, the environment variables apply."""
    key = key or os.environ.get("FACE_INTAKE_KEY")
    return {
        "base_url": url or os.environ.get("FACE_INTAKE_URL") or DEFAULT_URL,
        "headers": {"Authorization": f"Bearer {key}"} if key else {},
        "timeout": timeout,
    }


def upload(
    path: str, documents: dict[str, Document], idempotency_key: str | None, **fields: str | float | bool | None
) -> ApiRequest:
    """Return the request that uploads documents.

    Raises
    ------
    OSError
        A file cannot be read.

    """
    given = {name: value for name, value in fields.items() if value is not None and value is not False}
    data = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in given.items()}
    files = {name: read_upload(document) for name, document in documents.items()}
    headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
    return ApiRequest("POST", path, files=files, data=data, headers=headers)


def get(path: str, **params: object) -> ApiRequest:
    """Return a GET request."""
    return ApiRequest("GET", path, params=params)


def delete(path: str) -> ApiRequest:
    """Return a DELETE request."""
    return ApiRequest("DELETE", path)


def job_path(job: Job | str) -> str:
    """Return the path of a job."""
    return f"/jobs/{quote(job if isinstance(job, str) else job.id, safe='')}"


def batch_path(name: str) -> str:
    """Return the path of a batch."""
    return f"/batches/{quote(name, safe='')}"


def batch_results(batch: str, since: int) -> ApiRequest:
    """Return the request for the ended jobs of a batch, starting after a cursor."""
    return get(f"{batch_path(batch)}/results", since=since)


def build(http: httpx.Client | httpx.AsyncClient, request: ApiRequest) -> httpx.Request:
    """Return a request as httpx sends it."""
    built = http.build_request(
        request.method,
        request.path,
        params=request.params,
        data=request.data,
        files=request.files,
        headers=request.headers,
    )
    built.read()  # joins the parts of the form; httpx would send each of them on its own
    return built


def parse(response: httpx.Response, model: type[ResponseModel]) -> ResponseModel:
    """Return the body of a response as a model.

    Raises
    ------
    ApiError
        The response is an error. The class depends on its code.

    """
    raise_for_problem(response)
    return model.model_validate_json(response.content)


def raise_for_problem(response: httpx.Response) -> None:
    """Raise an :class:`ApiError` if the response is an error."""
    if not response.is_success:
        raise ApiError.of_response(response)
