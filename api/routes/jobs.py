"""Jobs: submit now, ask later."""

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from api.answers import job_answer, location
from api.openapi import COMPARISON_REQUEST, EXTRACTION_REQUEST, accepted_responses, job_responses
from api.services import Services, ServicesDep
from api.submission import submit
from shared.errors import ServiceError
from shared.queue import BULK
from shared.schemas import JobKind, JobView

router = APIRouter(prefix="/jobs", tags=["jobs"])


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
async def get_job(job_id: str, services: ServicesDep) -> Response:
    """Return where a job stands and, once it has ended, its result or its problem."""
    job = await services.intake.get(job_id)
    if job is None:
        raise ServiceError("job_not_found")
    return await job_answer(services, job)


async def _submit(request: Request, services: Services, kind: JobKind) -> Response:
    job = await submit(request, services, kind, BULK)
    return await job_answer(services, job, HTTPStatus.ACCEPTED, location(request, job.id))
