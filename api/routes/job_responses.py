"""Jobs as HTTP responses: their status, their result or their error."""

import math
from http import HTTPStatus

from fastapi import Request, Response

from api.jobs.services import Services
from shared import audit
from shared.errors import ServiceError
from shared.job_view import job_json
from shared.jobs import Job
from shared.schemas import JobStatus, QueuePlace

JSON = "application/json"

_MAX_RETRY_AFTER = 30
"""Longest ``Retry-After`` of a job in seconds, since waiting times are only estimates."""


def location(request: Request, job_id: str) -> dict[str, str]:
    """Return the header with the URL of a job."""
    return {"Location": request.app.url_path_for("get_job", job_id=job_id)}


async def result_response(services: Services, job: Job) -> Response:
    """Return the result of an ended job as the response of a synchronous endpoint.

    Raises
    ------
    ServiceError
        The job failed, or its result has expired.

    """
    if job.failure is not None:
        raise ServiceError(job.failure.code, field=job.failure.field)
    return Response(await read_result(services, job), media_type=JSON)


async def job_response(
    services: Services,
    job: Job,
    status: int = HTTPStatus.OK,
    headers: dict[str, str] | None = None,
    if_none_match: str = "",
) -> Response:
    """Return a job with its result or its error, or 304 if the client has the current state.

    Raises
    ------
    ServiceError
        Its result has expired.

    """
    place = await queue_place(services, job)
    tag = _tag(job, place)
    more = {"ETag": tag, **_retry_after(job, place), **(headers or {})}
    if _is_known(tag, if_none_match):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=more)
    result = await read_result(services, job) if job.status is JobStatus.SUCCEEDED else None
    return Response(job_json(job, place, result=result), status, more, JSON)


async def queue_place(services: Services, job: Job) -> QueuePlace | None:
    """Return the place of a queued job in its queue; None for other jobs."""
    if job.status is not JobStatus.QUEUED:
        return None
    load = await services.backpressure.load()
    ahead = await services.jobs.jobs_ahead(job, load)
    wait = load.estimated_wait(ahead)
    return QueuePlace(ahead=ahead, estimated_wait=None if wait is None else round(wait, 1))


async def read_result(services: Services, job: Job) -> bytes:
    """Return the result (JSON) of a job that has succeeded.

    Raises
    ------
    ServiceError
        The result has expired.

    """
    if job.result is None:
        raise ServiceError("internal_error")
    try:
        body = await services.blobs.get(job.result)
    except FileNotFoundError as error:
        raise ServiceError("job_not_found") from error
    audit.record("read", "done", job_id=job.id, kind=job.kind)
    return body


def _retry_after(job: Job, place: QueuePlace | None) -> dict[str, str]:
    """Return the header that tells when to ask again: after half of the estimated wait."""
    if job.status.ended:
        return {}
    wait = (place.estimated_wait or 0.0) / 2 if place else 0.0
    return {"Retry-After": str(min(_MAX_RETRY_AFTER, max(1, math.ceil(wait))))}


def _tag(job: Job, place: QueuePlace | None) -> str:
    """Return the ETag of a response (RFC 9110, 8.8.3); it is weak, since estimates change all the time."""
    state = f"{job.status}-{job.attempts}-{job.callback_state}-{job.callback_attempts}"
    return f'W/"{state}-{place.ahead if place else 0}"'


def _is_known(tag: str, if_none_match: str) -> bool:
    """Tell whether the client has this ETag (weak comparison, RFC 9110, 13.1.2)."""
    known = {each.strip().removeprefix("W/") for each in if_none_match.split(",")}
    return "*" in known or tag.removeprefix("W/") in known
