"""The least that a queue costs: FastAPI, Celery and Redis, without anything that makes a job safe.

It has the Celery settings of the service, but no keys, limits, records, leases, encryption, audit log, logs or metrics.
If a message is lost or a job fails, its request gets no response. ``python -m bench service`` compares the service with
it: the difference is the cost of what makes a job safe.

``uvicorn bench.performance.minimal_queue:app`` and ``celery -A bench.performance.minimal_queue:celery worker`` run it.
Both read ``REDIS_URL`` and ``DATA_DIR``.
"""

import asyncio
import base64
import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import cv2
from celery import signals
from fastapi import FastAPI, File, Response, UploadFile
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from starlette.formparsers import MultiPartParser

from shared.queue import INTERACTIVE, celery_app, publish
from worker.vision import Engine, extract_face, load_engine
from worker.vision.allocator import keep_memory

_URL, _FOLDER = os.environ["REDIS_URL"], Path(os.environ["DATA_DIR"])
_ENDED = "ended"  # the channel of notifications

celery = celery_app(_URL, "minimal")
MultiPartParser.spool_max_size = 0  # uploads stay in memory
_publisher = ThreadPoolExecutor(1)
_waiting: dict[str, asyncio.Event] = {}


@asynccontextmanager
async def _notifications(_: FastAPI) -> AsyncIterator[None]:
    async with AsyncRedis.from_url(_URL, decode_responses=True) as redis, redis.pubsub() as channel:
        await channel.subscribe(_ENDED)

        async def listen() -> None:
            async for message in channel.listen():
                if message["type"] == "message":
                    _waiting[message["data"]].set()

        listening = asyncio.create_task(listen())
        yield
        listening.cancel()


app = FastAPI(lifespan=_notifications)


@app.get("/health/live")
async def live() -> dict[str, str]:
    """Answer when the process serves requests."""
    return {"status": "ok"}


@app.post("/extract-face")
async def extract(file: Annotated[UploadFile, File()]) -> Response:
    """Store the document, publish its job, and return the result once the worker has stored it."""
    job_id, ended = uuid4().hex, asyncio.Event()
    document, result = _FOLDER / job_id, _FOLDER / f"{job_id}.json"
    document.write_bytes(await file.read())
    _waiting[job_id] = ended
    _publisher.submit(publish, celery, job_id, INTERACTIVE)
    await ended.wait()
    del _waiting[job_id]
    body = result.read_bytes()
    result.unlink()
    return Response(body, media_type="application/json")


@cache
def _engine() -> Engine:
    cv2.setNumThreads(1)
    return load_engine()


@cache
def _redis() -> Redis:
    return Redis.from_url(_URL)


@signals.worker_process_init.connect
def _load(**_: object) -> None:
    keep_memory()
    _engine()


@celery.task(name="jobs.run")
def run(job_id: str) -> None:
    """Extract the face of a stored document."""
    document = _FOLDER / job_id
    extraction = extract_face(document.read_bytes(), engine=_engine())
    (_FOLDER / f"{job_id}.json").write_text(f'{{"face_image": "{base64.b64encode(extraction.portrait).decode()}"}}')
    document.unlink()
    _redis().publish(_ENDED, job_id)
