"""Jobs as clients see them, in HTTP responses and in webhooks."""

import json

from shared.errors import PROBLEMS
from shared.jobs import Job, without_owner
from shared.problem_document import problem_document
from shared.schemas import CallbackView, JobView, QueuePlace


def job_view(job: Job, place: QueuePlace | None = None) -> JobView:
    """Return a job as clients see it, with its error and without its result."""
    callback = CallbackView(state=job.callback_state, attempts=job.callback_attempts) if job.callback else None
    return JobView(
        id=job.id,
        kind=job.kind,
        status=job.status,
        batch=without_owner(job.batch) if job.batch else None,
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
        The job, and its place in the queue if it is queued.
    result
        Its result as JSON, which is included unchanged.
    more
        Further fields.

    """
    view = job_view(job, place).model_dump(mode="json")
    if view["error"]:
        view["error"] = {name: value for name, value in view["error"].items() if value is not None}
    optional = ("batch", "reference", "place", "callback", "result", "error")
    body = json.dumps({name: value for name, value in view.items() if value is not None or name not in optional} | more)
    return body.encode() if result is None else body[:-1].encode() + b', "result": ' + result + b"}"
