"""The synchronous wrapper: a job and a wait for it in one request."""

from fastapi import APIRouter, Request, Response

from api.answers import location, result_answer
from api.openapi import COMPARISON_REQUEST, EXTRACTION_REQUEST, comparison_responses, extraction_responses
from api.services import Services, ServicesDep
from api.submission import submit
from shared.errors import ServiceError
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
async def extract_face(request: Request, services: ServicesDep) -> Response:
    """Find the holder's portrait in a JPEG, PNG or PDF and return it upright, with the scores of every face found."""
    return await _submit_and_wait(request, services, JobKind.EXTRACT_FACE)


@router.post(
    "/compare-faces",
    summary="Tell whether two pictures show the same person",
    response_model=ComparisonResult,
    responses=comparison_responses("wait_timeout"),
    openapi_extra=COMPARISON_REQUEST,
)
async def compare_faces(request: Request, services: ServicesDep) -> Response:
    """Compare the faces of two pictures; either may be a whole document or a PDF, whose portrait is found first."""
    return await _submit_and_wait(request, services, JobKind.COMPARE_FACES)


async def _submit_and_wait(request: Request, services: Services, kind: JobKind) -> Response:
    job = await submit(request, services, kind, INTERACTIVE)
    ended = await services.waiting.wait(job.id, services.settings.wait_timeout)
    if ended is None:
        raise ServiceError("internal_error")
    if not ended.status.ended:
        raise ServiceError("wait_timeout", headers=location(request, job.id))
    return await result_answer(services, ended)
