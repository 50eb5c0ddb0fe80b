"""Synchronous operations, one per kind of job: submit a job and wait for its result in one request."""

import asyncio

from fastapi import APIRouter, Request, Response
from redis.exceptions import RedisError
from starlette.requests import ClientDisconnect

from api.auth.caller import Caller
from api.auth.dependencies import SubmitterAndReader
from api.jobs.notifications import Subscription
from api.jobs.services import Services
from api.jobs.submission import Accepted, new_job_id
from api.openapi.forms import request_form
from api.openapi.responses import result_responses
from api.routes.dependencies import ServicesDep
from api.routes.job_responses import location, result_response
from api.routes.submissions import submit
from shared import audit
from shared.errors import ServiceError
from shared.job_kinds.declaration import JobKind
from shared.job_kinds.registry import KINDS
from shared.jobs import Job
from shared.queue import INTERACTIVE

router = APIRouter(tags=["faces"])


def _add_route(kind: JobKind) -> None:
    async def endpoint(request: Request, services: ServicesDep, caller: SubmitterAndReader) -> Response:
        return await _submit_and_wait(request, services, caller, kind)

    router.add_api_route(
        f"/{kind.name}",
        endpoint,
        methods=["POST"],
        name=kind.operation,
        summary=kind.summary,
        description=kind.description,
        response_model=kind.result,
        responses=result_responses(kind),
        openapi_extra=request_form(kind),
    )


for _kind in KINDS:
    _add_route(_kind)


async def _submit_and_wait(request: Request, services: Services, caller: Caller, kind: JobKind) -> Response:
    if services.notifications.full:
        raise await services.backpressure.refusal()  # before the upload is read
    job_id = new_job_id()
    # Subscribes before the job exists, so that its end cannot be missed.
    with services.notifications.subscribe(job_id) as subscription:
        accepted = await submit(request, services, caller, kind, INTERACTIVE, job_id)
        if accepted.is_new:
            return await _respond(request, services, subscription, accepted)
    with services.notifications.subscribe(accepted.job.id) as subscription:
        return await _respond(request, services, subscription, accepted)


async def _respond(request: Request, services: Services, subscription: Subscription, accepted: Accepted) -> Response:
    ended = await _wait(request, services, subscription, accepted)
    if not ended.status.ended:
        raise ServiceError("wait_timeout", headers=location(request, ended.id))
    return await result_response(services, ended)


async def _wait(request: Request, services: Services, subscription: Subscription, accepted: Accepted) -> Job:
    """Wait for the end of the job. If the client disconnects, cancel it unless it runs or has an idempotency key.

    Raises
    ------
    ClientDisconnect
        The client disconnected.
    ServiceError
        ``cancelled``: the job was erased.

    """
    known = accepted.job if accepted.is_new else None
    end = asyncio.ensure_future(
        services.notifications.wait_for_end(
            subscription, services.settings.wait_timeout, job=known, until_deadline=True
        )
    )
    disconnect = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({end, disconnect}, return_when=asyncio.FIRST_COMPLETED)
        if end.done():
            ended = end.result()
            if ended is None:
                raise ServiceError("cancelled")
            return ended
    except RedisError:
        return accepted.job  # it continues
    finally:
        end.cancel()
        disconnect.cancel()
    if accepted.is_new and not accepted.has_key and await services.jobs.erase(accepted.job.id, only_queued=True):
        audit.record("cancel", "client left", job_id=accepted.job.id)
    raise ClientDisconnect


async def _disconnected(request: Request) -> None:
    """Return when the client disconnects. The request was read to its end, so no other message can follow."""
    while (await request.receive())["type"] != "http.disconnect":
        continue
