"""A job as an HTTP answer: its result, its problem, or where it stands."""

from http import HTTPStatus

from fastapi import Request, Response

from api import problems
from api.services import Services
from shared.errors import PROBLEMS, ServiceError
from shared.jobs import Job
from shared.schemas import JobStatus, JobView

JSON = "application/json"

POLL_AFTER = {"Retry-After": "1"}
"""Seconds until a client should look at an unfinished job again."""


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
    return Response(await _result(services, job), media_type=JSON)


async def job_answer(
    services: Services, job: Job, status: int = HTTPStatus.OK, headers: dict[str, str] | None = None
) -> Response:
    """Answer with the job, its result or its problem included once it has ended.

    Raises
    ------
    ServiceError
        Its result is gone.

    """
    view = JobView(
        id=job.id,
        kind=job.kind,
        status=job.status,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        attempts=job.attempts,
        error=problems.document(PROBLEMS[job.failure.code], job.failure.field) if job.failure else None,
    )
    body = view.model_dump_json(exclude={"result"} if view.error else {"result", "error"}).encode()
    if job.status is JobStatus.SUCCEEDED:
        # The result was written as JSON by the worker; it goes out as it is.
        body = body[:-1] + b',"result":' + await _result(services, job) + b"}"
    poll = {} if job.status.ended else POLL_AFTER
    return Response(body, status, {**poll, **(headers or {})}, JSON)


async def _result(services: Services, job: Job) -> bytes:
    if job.result is None:
        raise ServiceError("internal_error")
    try:
        return await services.blobs.get(job.result)
    except FileNotFoundError as error:
        raise ServiceError("job_not_found") from error
