"""Jobs: submit now, ask later."""

import re
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response

from api.answers import job_answer, location
from api.openapi import COMPARISON_REQUEST, EXTRACTION_REQUEST, accepted_responses, erased_responses, job_responses
from api.services import Services, ServicesDep
from api.submission import submit
from shared.errors import ServiceError
from shared.queue import BULK
from shared.schemas import JobKind, JobView

router = APIRouter(prefix="/jobs", tags=["jobs"])

LONGEST_WAIT = 60
"""Seconds that one question for a job may wait: proxies tend to cut connections that are silent for longer."""

_PREFER_WAIT = re.compile(r"(?:^|[,;]\s*)wait\s*=\s*(\d{1,4})(?:\s*[,;]|\s*$)", re.IGNORECASE)


@router.post(
    "/extract-face",
    summary="Submit an extraction",
    status_code=HTTPStatus.ACCEPTED,
    response_model=JobView,
    responses=accepted_responses(JobKind.EXTRACT_FACE),
    openapi_extra=EXTRACTION_REQUEST,
)
async def submit_extraction(request: Request, services: ServicesDep) -> Response:
    """Accept a document and answer at once; the result is at the `Location`."""
    return await _submit(request, services, JobKind.EXTRACT_FACE)


@router.post(
    "/compare-faces",
    summary="Submit a comparison",
    status_code=HTTPStatus.ACCEPTED,
    response_model=JobView,
    responses=accepted_responses(JobKind.COMPARE_FACES),
    openapi_extra=COMPARISON_REQUEST,
)
async def submit_comparison(request: Request, services: ServicesDep) -> Response:
    """Accept two pictures and answer at once; the result is at the `Location`."""
    return await _submit(request, services, JobKind.COMPARE_FACES)


@router.get("/{job_id}", summary="Ask for a job", response_model=JobView, responses=job_responses())
async def get_job(
    job_id: str,
    services: ServicesDep,
    wait: Annotated[
        int, Query(ge=0, le=LONGEST_WAIT, description="Seconds to hold the answer until the job ends.")
    ] = 0,
    prefer: Annotated[str, Header(description="`wait=N`, the same as a preference (RFC 7240).")] = "",
) -> Response:
    """Return where a job stands and, once it has ended, its result or its problem."""
    preferred = _PREFER_WAIT.search(prefer)
    seconds = min(LONGEST_WAIT, max(wait, int(preferred[1]) if preferred else 0))
    job = await services.waiting.wait(job_id, seconds)
    if job is None:
        raise ServiceError("job_not_found")
    headers = {"Preference-Applied": f"wait={seconds}"} if preferred else {}
    return await job_answer(services, job, headers=headers)


@router.delete(
    "/{job_id}",
    summary="Cancel a job and erase its data",
    status_code=HTTPStatus.NO_CONTENT,
    responses=erased_responses(),
)
async def erase_job(job_id: str, services: ServicesDep) -> None:
    """Cancel a job that has not ended, or forget one that has; its documents and result are unreadable at once."""
    if not await services.intake.erase(job_id):
        raise ServiceError("job_not_found")


async def _submit(request: Request, services: Services, kind: JobKind) -> Response:
    job = await submit(request, services, kind, BULK)
    return await job_answer(services, job, HTTPStatus.ACCEPTED, location(request, job.id))
