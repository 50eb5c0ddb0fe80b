"""The synchronous wrapper: a job and a wait for it in one request."""

import asyncio

from fastapi import APIRouter, Request, Response
from redis.exceptions import RedisError
from starlette.requests import ClientDisconnect

from api.auth.caller import Caller
from api.auth.dependencies import SubmitterAndReader
from api.jobs.notifications import Subscription
from api.jobs.services import Services
from api.jobs.submission import Accepted, new_job_id, submit
from api.openapi.forms import COMPARISON_REQUEST, EXTRACTION_REQUEST
from api.openapi.responses import comparison_responses, extraction_responses
from api.routes.dependencies import ServicesDep
from api.routes.job_responses import location, result_response
from shared import audit
from shared.errors import ServiceError
from shared.jobs import Job
from shared.queue import INTERACTIVE
from shared.schemas import ComparisonResult, ExtractionResult, JobKind

router = APIRouter(tags=["faces"])


@router.post(
    "/extract-face",
    summary="Extract the portrait of a document's holder",
    response_model=ExtractionResult,
    responses=extraction_responses("wait_timeout"),
    openapi_extra=EXTRACTION_REQUEST,
)
async def extract_face(request: Request, services: ServicesDep, caller: SubmitterAndReader) -> Response:
    """Find the holder's portrait in a picture or PDF and return it upright, with the scores of every face found."""
    return await _submit_and_wait(request, services, caller, JobKind.EXTRACT_FACE)


@router.post(
    "/compare-faces",
    summary="Tell whether two pictures show the same person",
    response_model=ComparisonResult,
    responses=comparison_responses("wait_timeout"),
    openapi_extra=COMPARISON_REQUEST,
)
async def compare_faces(request: Request, services: ServicesDep, caller: SubmitterAndReader) -> Response:
    """Compare the faces of two pictures; either may be a whole document or a PDF, whose portrait is found first."""
    return await _submit_and_wait(request, services, caller, JobKind.COMPARE_FACES)


async def _submit_and_wait(request: Request, services: Services, caller: Caller, kind: JobKind) -> Response:
    if services.notifications.full:
        raise await services.backpressure.refusal()  # before the upload is read
    job_id = new_job_id()
    # Before the job is made, so that its end cannot be missed.
    with services.notifications.subscribe(job_id) as subscription:
        accepted = await submit(request, services, caller, kind, INTERACTIVE, job_id)
        if accepted.is_new:
            return await _answer(request, services, subscription, accepted)
    with services.notifications.subscribe(accepted.job.id) as subscription:
        return await _answer(request, services, subscription, accepted)


async def _answer(request: Request, services: Services, subscription: Subscription, accepted: Accepted) -> Response:
    ended = await _wait(request, services, subscription, accepted)
    if not ended.status.ended:
        raise ServiceError("wait_timeout", headers=location(request, ended.id))
    return await result_response(services, ended)


async def _wait(request: Request, services: Services, subscription: Subscription, accepted: Accepted) -> Job:
    """Wait for the job; if the client hangs up before, cancel it unless it has been started or has an idempotency key.

    Raises
    ------
    ClientDisconnect
        The client hung up.
    ServiceError
        ``cancelled``: the job was erased meanwhile, and with it what became of it.

    """
    known = accepted.job if accepted.is_new else None
    end = asyncio.ensure_future(
        services.notifications.wait_for_end(
            subscription, services.settings.wait_timeout, job=known, until_deadline=True
        )
    )
    hang_up = asyncio.ensure_future(_hang_up(request))
    try:
        await asyncio.wait({end, hang_up}, return_when=asyncio.FIRST_COMPLETED)
        if end.done():
            ended = end.result()
            if ended is None:
                raise ServiceError("cancelled")
            return ended
    except RedisError:
        return accepted.job  # it goes on, unseen
    finally:
        end.cancel()
        hang_up.cancel()
    if accepted.is_new and not accepted.has_key and await services.jobs.erase(accepted.job.id, only_queued=True):
        audit.record("cancel", "client disconnected", job_id=accepted.job.id)
    raise ClientDisconnect


async def _hang_up(request: Request) -> None:
    """Return when the client has gone; its request was read to the end, so nothing else can come."""
    while (await request.receive())["type"] != "http.disconnect":
        continue
