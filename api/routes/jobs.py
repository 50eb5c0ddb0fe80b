"""Jobs: submit documents, and get the results later."""

import re
from collections.abc import AsyncIterator
from contextlib import nullcontext
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import AfterValidator

from api.auth.api_keys import Scope
from api.auth.dependencies import Eraser, Reader, Submitter
from api.jobs.notifications import Subscription
from api.jobs.services import Services
from api.jobs.submission import new_job_id
from api.openapi.forms import submission_form
from api.openapi.responses import accepted_responses, erased_responses, events_responses, job_responses
from api.routes.dependencies import ServicesDep
from api.routes.job_responses import job_response, location, queue_place
from api.routes.submissions import submit
from shared import audit
from shared.errors import ServiceError
from shared.job_kinds.declaration import JobKind
from shared.job_kinds.registry import KINDS
from shared.job_view import job_json
from shared.jobs import Job
from shared.queue import BULK
from shared.schemas import JobView

router = APIRouter(prefix="/jobs", tags=["jobs"])

MAX_WAIT = 60
"""Seconds that a request for a job may wait. Many proxies close connections that are silent for longer."""

_PREFER_WAIT = re.compile(r"(?:^|[,;]\s*)wait\s*=\s*(\d{1,4})(?:\s*[,;]|\s*$)", re.IGNORECASE)

JobId = Annotated[str, AfterValidator(str.lower), Path(description="Id of a job, in upper or lower case.")]
"""UUIDs are compared without regard to case (RFC 9562). Records have lower case ids."""


def _add_route(kind: JobKind) -> None:
    async def endpoint(request: Request, services: ServicesDep, caller: Submitter) -> Response:
        accepted = await submit(request, services, caller, kind, BULK, new_job_id())
        return await job_response(services, accepted.job, HTTPStatus.ACCEPTED, location(request, accepted.job.id))

    router.add_api_route(
        f"/{kind.name}",
        endpoint,
        methods=["POST"],
        name=f"submit_{kind.noun}",
        summary=kind.submit_summary,
        description=kind.submit_description,
        status_code=HTTPStatus.ACCEPTED,
        response_model=JobView,
        responses=accepted_responses(kind),
        openapi_extra=submission_form(kind),
    )


for _kind in KINDS:
    _add_route(_kind)


@router.get("/{job_id}", summary="Get a job", response_model=JobView, responses=job_responses())
async def get_job(  # noqa: PLR0913, PLR0917 - the parameters of the request
    job_id: JobId,
    services: ServicesDep,
    caller: Reader,
    wait: Annotated[
        int, Query(ge=0, le=MAX_WAIT, description="Seconds to wait for the end of the job before responding.")
    ] = 0,
    prefer: Annotated[str, Header(description="`wait=N`: the same, as a preference (RFC 7240).")] = "",
    if_none_match: Annotated[
        str, Header(description="The `ETag` of the last response: `304` if nothing changed.")
    ] = "",
) -> Response:
    """Return the state of a job and, when it has ended, its result or its error."""
    preferred = _PREFER_WAIT.search(prefer)
    seconds = min(MAX_WAIT, max(wait, int(preferred[1]) if preferred else 0))
    if services.notifications.full:
        seconds = 0  # too many requests wait already
    with services.notifications.subscribe(job_id) if seconds else nullcontext(None) as subscription:
        job = caller.require_own(await services.jobs.get(job_id))
        if subscription:
            job = caller.require_own(await services.notifications.wait_for_end(subscription, seconds, job=job))
    headers = {"Preference-Applied": f"wait={seconds}"} if preferred and seconds else {}
    return await job_response(services, job, headers=headers, if_none_match=if_none_match)


async def _listener(job_id: JobId, services: ServicesDep, caller: Reader) -> AsyncIterator[Subscription]:
    """Subscribe to an existing job. This is a dependency, since errors must be raised before the stream begins."""
    if services.notifications.full:
        raise await services.backpressure.refusal()
    with services.notifications.subscribe(job_id) as subscription:
        caller.require_own(await services.jobs.get(job_id))
        yield subscription


@router.get(
    "/{job_id}/events",
    summary="Follow a job",
    response_class=EventSourceResponse,
    responses=events_responses(),
)
async def follow_job(
    services: ServicesDep, subscription: Annotated[Subscription, Depends(_listener)]
) -> AsyncIterator[ServerSentEvent]:
    """Send the job without its result as a server-sent event, now and at each change of its state, until it has ended.

    The name of the event is the state.
    """
    async for job in services.notifications.changes(subscription):
        yield await _event(services, job)


@router.delete(
    "/{job_id}",
    summary="Cancel a job and erase its data",
    status_code=HTTPStatus.NO_CONTENT,
    responses=erased_responses(),
)
async def erase_job(job_id: JobId, services: ServicesDep, caller: Eraser) -> None:
    """Cancel a job, or erase one that has ended. Its documents and result are unreadable immediately."""
    if Scope.ADMIN not in caller.scopes:
        caller.require_own(await services.jobs.get(job_id))
    if not await services.jobs.erase(job_id):
        raise ServiceError("job_not_found")
    audit.record("erase", "done", job_id=job_id)


async def _event(services: Services, job: Job) -> ServerSentEvent:
    data = job_json(job, await queue_place(services, job)).decode()
    return ServerSentEvent(raw_data=data, event=job.status.value)
