"""Jobs and problems as clients see them, over HTTP and in callbacks alike."""

import json

from shared.errors import PROBLEMS, Problem
from shared.jobs import Job, unscoped
from shared.schemas import CallbackView, JobView, ProblemDocument, QueuePlace

# How a comparison's two pictures are called in sentences.
_ROLES = {"selfie": "Selfie", "id_photo": "ID photo"}


def problem_document(problem: Problem, field: str | None = None, request_id: str | None = None) -> ProblemDocument:
    """Return the problem document; of a comparison it says in which of the two pictures."""
    return ProblemDocument(
        title=problem.title,
        status=problem.status,
        code=problem.code,
        detail=f"{_ROLES[field]}: {problem.detail}" if field in _ROLES else problem.detail,
        field=field,
        request_id=request_id,
    )


def job_view(job: Job, place: QueuePlace | None = None) -> JobView:
    """Return a job as clients see it, its error included and its result left out."""
    callback = CallbackView(state=job.callback_state, attempts=job.callback_attempts) if job.callback else None
    return JobView(
        id=job.id,
        kind=job.kind,
        status=job.status,
        batch=unscoped(job.batch) if job.batch else None,
        reference=job.reference,
        place=place,
        callback=callback,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        attempts=job.attempts,
        error=problem_document(PROBLEMS[job.failure.code], job.failure.field) if job.failure else None,
    )


def job_json(job: Job, place: QueuePlace | None = None, *, result: bytes | None = None, **more: object) -> bytes:
    """Return a job as JSON.

    Parameters
    ----------
    job, place
        The job, and where it stands in its queue if it waits.
    result
        Its result, which was written as JSON by the worker and goes out as it is.
    more
        Fields to add.

    """
    view = job_view(job, place).model_dump(mode="json")
    if view["error"]:
        view["error"] = {name: value for name, value in view["error"].items() if value is not None}
    optional = ("batch", "reference", "place", "callback", "result", "error")
    body = json.dumps({name: value for name, value in view.items() if value is not None or name not in optional} | more)
    return body.encode() if result is None else body[:-1].encode() + b', "result": ' + result + b"}"
