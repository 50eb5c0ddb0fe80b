"""A job as an HTTP answer: its result, its problem, or where it stands."""

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

_LONGEST_POLL = 30
"""Seconds that a client is told to stay away at most: an estimate is no promise."""


def location(request: Request, job_id: str) -> dict[str, str]:
    """Return the header that says where a job can be asked for."""
    return {"Location": request.app.url_path_for("get_job", job_id=job_id)}


async def result_answer(services: Services, job: Job) -> Response:
    """Answer with the result of an ended job, as the synchronous endpoints do.

    Raises
    ------
    ServiceError
        The job failed, or its result is gone.

    """
    if job.failure is not None:
        raise ServiceError(job.failure.code, field=job.failure.field)
    return Response(await read_result(services, job), media_type=JSON)


async def job_answer(
    services: Services,
    job: Job,
    status: int = HTTPStatus.OK,
    headers: dict[str, str] | None = None,
    if_none_match: str = "",
) -> Response:
    """Answer with the job, its result or its problem included once it has ended; or that it is as the client has it.

    Raises
    ------
    ServiceError
        Its result is gone.

    """
    place = await queue_place(services, job)
    tag = _tag(job, place)
    more = {"ETag": tag, **_poll(job, place), **(headers or {})}
    if _is_known(tag, if_none_match):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=more)
    result = await read_result(services, job) if job.status is JobStatus.SUCCEEDED else None
    return Response(job_json(job, place, result=result), status, more, JSON)


async def queue_place(services: Services, job: Job) -> QueuePlace | None:
    """Return where a waiting job stands; None if it does not wait."""
    if job.status is not JobStatus.QUEUED:
        return None
    load = await services.gauge.load()
    ahead = await services.intake.ahead(job, load)
    wait = load.wait(ahead)
    return QueuePlace(ahead=ahead, estimated_wait=None if wait is None else round(wait, 1))


async def read_result(services: Services, job: Job) -> bytes:
    """Return the body of a job that succeeded.

    Raises
    ------
    ServiceError
        It has expired meanwhile.

    """
    if job.result is None:
        raise ServiceError("internal_error")
    try:
        body = await services.blobs.get(job.result)
    except FileNotFoundError as error:
        raise ServiceError("job_not_found") from error
    audit.record("read", "done", job_id=job.id, kind=job.kind.value)
    return body


def _poll(job: Job, place: QueuePlace | None) -> dict[str, str]:
    """Return the header that says when it is worth asking again: half the estimated wait."""
    if job.status.ended:
        return {}
    wait = (place.estimated_wait or 0.0) / 2 if place else 0.0
    return {"Retry-After": str(min(_LONGEST_POLL, max(1, math.ceil(wait))))}


def _tag(job: Job, place: QueuePlace | None) -> str:
    """Return the validator of what is answered (RFC 9110, 8.8.3); weak, since estimates change with every look."""
    state = f"{job.status}-{job.attempts}-{job.callback_state}-{job.callback_attempts}"
    return f'W/"{state}-{place.ahead if place else 0}"'


def _is_known(tag: str, if_none_match: str) -> bool:
    """Compare weakly (RFC 9110, 13.1.2): a proxy may have made the tag strong, and only the opaque part counts."""
    known = {each.strip().removeprefix("W/") for each in if_none_match.split(",")}
    return "*" in known or tag.removeprefix("W/") in known
