"""Batches: progress, results, exports and cancellation of a named group of jobs."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import StreamingResponse

from api.auth.caller import Caller
from api.auth.dependencies import Reader, Submitter
from api.exports import files
from api.jobs.options import BATCH_NAME
from api.jobs.services import Services
from api.openapi.responses import batch_responses, cancelled_responses, export_responses, results_responses
from api.routes.dependencies import ServicesDep
from api.routes.job_responses import read_result
from shared import audit
from shared.errors import ServiceError
from shared.job_view import job_json
from shared.jobs import Batch, Job, without_owner
from shared.schemas import BatchView, JobStatus

router = APIRouter(prefix="/batches", tags=["batches"])

NDJSON = "application/x-ndjson"

_CONCURRENT_READS = 16
"""Results that are read from the object store concurrently, since a remote store has a high latency."""

Name = Annotated[str, Path(pattern=BATCH_NAME)]


@router.get("/{name}", summary="Get a batch", responses=batch_responses())
async def get_batch(name: Name, services: ServicesDep, caller: Reader) -> BatchView:
    """Return the number of jobs by status, the rate at which jobs end, and the estimated end of the batch."""
    return _view(await _existing(services, caller, name))


@router.get(
    "/{name}/results",
    summary="Get results",
    response_class=StreamingResponse,
    responses=results_responses(),
)
async def get_results(
    name: Name,
    services: ServicesDep,
    caller: Reader,
    since: Annotated[int, Query(ge=0, description="Cursor of the last line that you received.")] = 0,
) -> Response:
    """Stream the jobs that have ended so far, in the order in which they ended, one JSON object per line.

    To continue after an interruption, or to get later results, send the last `cursor` as `since`.
    """
    batch = await _existing(services, caller, name)
    return StreamingResponse(_lines(services, batch.name, since), media_type=NDJSON)


@router.get(
    "/{name}/results.csv",
    summary="Get results as a table",
    response_class=Response,
    responses=export_responses("csv"),
)
async def get_table(name: Name, services: ServicesDep, caller: Reader) -> Response:
    """Return a CSV table with a header and one row per ended job, in the order in which they ended."""
    batch = await _existing(services, caller, name)
    return _download(files.table(_ended(services, batch.name)), "text/csv", f"{name}.csv")


@router.get(
    "/{name}/portraits.zip", summary="Get portraits", response_class=Response, responses=export_responses("zip")
)
async def get_portraits(name: Name, services: ServicesDep, caller: Reader) -> Response:
    """Return a ZIP archive of the portraits of successful jobs. File names are the references, or else the job ids."""
    batch = await _existing(services, caller, name)
    return _download(files.archive(_ended(services, batch.name)), "application/zip", f"{name}.zip")


@router.delete("/{name}", summary="Cancel queued jobs", responses=cancelled_responses())
async def cancel_batch(name: Name, services: ServicesDep, caller: Submitter) -> BatchView:
    """Cancel all queued jobs of the batch and erase their documents. Running jobs continue."""
    batch = await _existing(services, caller, name)
    count = await services.batches.cancel(batch.name)
    audit.record("cancel", "done", batch=name, jobs=count)
    return _view(await _existing(services, caller, name))


async def _existing(services: Services, caller: Caller, name: str) -> Batch:
    batch = await services.batches.get(caller.with_owner(name))
    if batch is None:
        raise ServiceError("batch_not_found")
    return batch


def _download(content: AsyncIterator[bytes], media_type: str, file_name: str) -> Response:
    disposition = {"Content-Disposition": f'attachment; filename="{file_name}"'}
    return StreamingResponse(content, media_type=media_type, headers=disposition)


async def _lines(services: Services, name: str, since: int) -> AsyncIterator[bytes]:
    async for cursor, job, result in _results(services, name, since):
        yield job_json(job, result=result, cursor=cursor) + b"\n"


async def _ended(services: Services, name: str) -> files.EndedJobs:
    async for _, job, result in _results(services, name, since=0):
        yield job, result


Result = tuple[int, Job, bytes | None]
"""A cursor, the job, and its result (JSON) if it succeeded."""


async def _results(services: Services, name: str, since: int) -> AsyncIterator[Result]:
    """Yield ended jobs in order; their results are read concurrently."""
    chunk: list[tuple[int, Job]] = []
    async for entry in services.batches.ended(name, since):
        chunk.append(entry)
        if len(chunk) == _CONCURRENT_READS:
            for result in await _read(services, chunk):
                yield result
            chunk.clear()
    for result in await _read(services, chunk):
        yield result


async def _read(services: Services, entries: list[tuple[int, Job]]) -> list[Result]:
    read = await asyncio.gather(*(_result(services, cursor, job) for cursor, job in entries))
    return [result for result in read if result is not None]


async def _result(services: Services, cursor: int, job: Job) -> Result | None:
    try:
        return cursor, job, await read_result(services, job) if job.status is JobStatus.SUCCEEDED else None
    except ServiceError:
        return None  # the result expired after the record was read


def _view(batch: Batch) -> BatchView:
    left = batch.seconds_left
    return BatchView(
        name=without_owner(batch.name),
        created_at=batch.created_at,
        total=sum(batch.counts.values()),
        **{status.value: count for status, count in batch.counts.items()},
        cursor=batch.cursor,
        ended_per_second=round(batch.per_second, 2),
        estimated_end=datetime.now(UTC) + timedelta(seconds=left) if left else None,
    )
