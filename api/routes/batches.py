"""Batches: bulk intake under one name, its progress, its results as they come."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import StreamingResponse

from api.auth.dependencies import Caller, Reader, Submitter
from api.exports import files
from api.jobs.options import BATCH_NAME
from api.jobs.services import Services, ServicesDep
from api.openapi.responses import batch_responses, cancelled_responses, export_responses, results_responses
from api.routes.job_responses import read_result
from shared import audit
from shared.errors import ServiceError
from shared.job_view import job_json
from shared.jobs import Batch, Job, unscoped
from shared.schemas import BatchView, JobStatus

router = APIRouter(prefix="/batches", tags=["batches"])

NDJSON = "application/x-ndjson"

_AT_ONCE = 16
"""Results that are read from the object store at once: one that is far away must not be asked one by one."""

Name = Annotated[str, Path(pattern=BATCH_NAME)]


@router.get("/{name}", summary="Ask for a batch", responses=batch_responses())
async def get_batch(name: Name, services: ServicesDep, caller: Reader) -> BatchView:
    """Count a batch's jobs by state, with the rate at which they end and when all will have."""
    return _view(await _existing(services, caller, name))


@router.get(
    "/{name}/results",
    summary="Fetch what has ended",
    response_class=StreamingResponse,
    responses=results_responses(),
)
async def get_results(
    name: Name,
    services: ServicesDep,
    caller: Reader,
    since: Annotated[int, Query(ge=0, description="The cursor of the last line that was received.")] = 0,
) -> Response:
    """Stream every job that has ended, in that order, a JSON object a line, and end with what has ended so far.

    A client that was cut off, or that wants what came later, asks again with the last `cursor`.
    """
    batch = await _existing(services, caller, name)
    return StreamingResponse(_lines(services, batch.name, since), media_type=NDJSON)


@router.get(
    "/{name}/results.csv",
    summary="Fetch what has ended as a table",
    response_class=Response,
    responses=export_responses("csv"),
)
async def get_table(name: Name, services: ServicesDep, caller: Reader) -> Response:
    """Return every job that has ended, a row each, in that order, with a header: CSV for spreadsheets."""
    batch = await _existing(services, caller, name)
    return _download(files.table(_ended(services, batch.name)), "text/csv", f"{name}.csv")


@router.get(
    "/{name}/portraits.zip", summary="Fetch the portraits", response_class=Response, responses=export_responses("zip")
)
async def get_portraits(name: Name, services: ServicesDep, caller: Reader) -> Response:
    """Return the portraits of every extraction that has succeeded, each named by its reference or else its job's id."""
    batch = await _existing(services, caller, name)
    return _download(files.archive(_ended(services, batch.name)), "application/zip", f"{name}.zip")


@router.delete("/{name}", summary="Cancel what waits", responses=cancelled_responses())
async def cancel_batch(name: Name, services: ServicesDep, caller: Submitter) -> BatchView:
    """Cancel every job of the batch that has not been started, and erase its documents. What runs goes on."""
    batch = await _existing(services, caller, name)
    count = await services.batches.cancel(batch.name)
    audit.record("cancel", "done", batch=name, jobs=count)
    return _view(await _existing(services, caller, name))


async def _existing(services: Services, caller: Caller, name: str) -> Batch:
    batch = await services.batches.get(caller.scoped(name))
    if batch is None:
        raise ServiceError("batch_not_found")
    return batch


def _download(content: AsyncIterator[bytes], media_type: str, file_name: str) -> Response:
    disposition = {"Content-Disposition": f'attachment; filename="{file_name}"'}
    return StreamingResponse(content, media_type=media_type, headers=disposition)


async def _lines(services: Services, name: str, since: int) -> AsyncIterator[bytes]:
    async for cursor, job, result in _results(services, name, since):
        yield job_json(job, result=result, cursor=cursor) + b"\n"


async def _ended(services: Services, name: str) -> files.Ended:
    async for _, job, result in _results(services, name, since=0):
        yield job, result


Result = tuple[int, Job, bytes | None]
"""A cursor, its job, and what came out if it succeeded."""


async def _results(services: Services, name: str, since: int) -> AsyncIterator[Result]:
    """Read what has ended, some at once, and yield it in order."""
    chunk: list[tuple[int, Job]] = []
    async for entry in services.batches.ended(name, since):
        chunk.append(entry)
        if len(chunk) == _AT_ONCE:
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
        return None  # it has expired between the look at the record and the look at the store


def _view(batch: Batch) -> BatchView:
    left = batch.seconds_left
    return BatchView(
        name=unscoped(batch.name),
        created_at=batch.created_at,
        total=sum(batch.counts.values()),
        **{status.value: count for status, count in batch.counts.items()},
        cursor=batch.cursor,
        ended_per_second=round(batch.per_second, 2),
        estimated_end=datetime.now(UTC) + timedelta(seconds=left) if left else None,
    )
