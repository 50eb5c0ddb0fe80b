"""The asynchronous client. It has the methods of the synchronous client, which documents them."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from types import TracebackType
from typing import Self, TypeVar

import httpx
from httpx_retries import Retry, RetryTransport
from pydantic import BaseModel

from face_intake import requests
from face_intake.documents import Document
from face_intake.errors import UnreachableError
from face_intake.models import Batch, BatchResult, Info, Job, Load
from face_intake.results import Comparison, Extraction
from face_intake.transports import AsyncTransport

ResponseModel = TypeVar("ResponseModel", bound=BaseModel)


class AsyncClient:
    """Like :class:`~face_intake.client.Client`, for asyncio. The event loop's thread reads documents given by path.

    Examples
    --------
    >>> async def portraits(paths):
    ...     async with AsyncClient() as client:
    ...         return await asyncio.gather(*(client.extract_face(path) for path in paths))
    >>> [found.metadata.total_faces for found in asyncio.run(portraits(["id-card.jpg", "selfie.jpg"]))]
    [2, 1]

    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        timeout: httpx.Timeout | float = requests.TIMEOUT,
        retry: Retry | None = None,
    ) -> None:
        # Without a transport, RetryTransport makes two of them, and loads the certificates for each.
        transport = RetryTransport(AsyncTransport(), retry or requests.retry_policy())
        self._http = httpx.AsyncClient(transport=transport, **requests.client_options(url, key, timeout))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def extract_face(
        self, document: Document, *, pages: bool = False, idempotency_key: str | None = None
    ) -> Extraction:
        """Return the holder's portrait from a document. Waits for the result."""
        request = requests.upload("/extract-face", {"file": document}, idempotency_key, pages=pages)
        return await self._fetch(request, Extraction)

    async def compare_faces(  # noqa: PLR0913 - the options of a comparison
        self,
        selfie: Document,
        id_photo: Document,
        *,
        threshold: float | None = None,
        false_match_rate: float | None = None,
        portraits: bool = False,
        idempotency_key: str | None = None,
    ) -> Comparison:
        """Return whether two pictures show the same person. Waits for the result."""
        documents = {"selfie": selfie, "id_photo": id_photo}
        fields = {"threshold": threshold, "false_match_rate": false_match_rate, "portraits": portraits}
        return await self._fetch(requests.upload("/compare-faces", documents, idempotency_key, **fields), Comparison)

    async def submit(  # noqa: PLR0913 - the options of a submission
        self,
        document: Document,
        *,
        batch: str | None = None,
        reference: str | None = None,
        pages: bool = False,
        callback_url: str | None = None,
        callback_image: bool = False,
        idempotency_key: str | None = None,
    ) -> Job:
        """Submit a document and return its job without waiting."""
        fields = {"batch": batch, "reference": reference, "pages": pages}
        more = {"callback_url": callback_url, "callback_image": callback_image}
        request = requests.upload("/jobs/extract-face", {"file": document}, idempotency_key, **fields, **more)
        return await self._fetch(request, Job)

    async def submit_comparison(  # noqa: PLR0913 - the options of a submission
        self,
        selfie: Document,
        id_photo: Document,
        *,
        threshold: float | None = None,
        false_match_rate: float | None = None,
        portraits: bool = False,
        batch: str | None = None,
        reference: str | None = None,
        callback_url: str | None = None,
        callback_image: bool = False,
        idempotency_key: str | None = None,
    ) -> Job:
        """Submit two pictures for comparison and return the job without waiting."""
        documents = {"selfie": selfie, "id_photo": id_photo}
        fields = {"threshold": threshold, "false_match_rate": false_match_rate, "portraits": portraits}
        more = {"batch": batch, "reference": reference, "callback_url": callback_url, "callback_image": callback_image}
        request = requests.upload("/jobs/compare-faces", documents, idempotency_key, **fields, **more)
        return await self._fetch(request, Job)

    async def job(self, job: Job | str) -> Job:
        """Return the current state of a job."""
        return await self._fetch(requests.get(requests.job_path(job)), Job)

    async def wait(self, job: Job | str, timeout: float | None = None) -> Job:  # noqa: ASYNC109 - as in `Client`
        """Wait until a job has ended, and return it."""
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            left = requests.MAX_WAIT if until is None else until - time.monotonic()
            wait = max(0, min(requests.MAX_WAIT, round(left)))
            now = await self._fetch(requests.get(requests.job_path(job), wait=wait), Job)
            if now.ended:
                return now
            if left <= 0:
                raise TimeoutError(f"job {now.id} is still {now.status}")

    async def erase(self, job: Job | str) -> None:
        """Cancel a job that has not ended, or delete one that has."""
        async with self._send(requests.delete(requests.job_path(job))) as response:
            requests.raise_for_problem(response)

    async def batch(self, name: str) -> Batch:
        """Return a batch with the number of its jobs by status."""
        return await self._fetch(requests.get(requests.batch_path(name)), Batch)

    async def cancel_batch(self, name: str) -> Batch:
        """Cancel the jobs of a batch that have not started."""
        return await self._fetch(requests.delete(requests.batch_path(name)), Batch)

    async def iter_results(
        self, batch: str, *, since: int = 0, follow: bool = False
    ) -> AsyncGenerator[BatchResult, None]:
        """Yield the ended jobs of a batch, in the order in which they ended."""
        while True:
            done = follow and (await self.batch(batch)).open == 0
            async with aclosing(self._ended_jobs(batch, since)) as results:
                async for result in results:
                    since = result.cursor
                    yield result
            if done or not follow:
                return
            await asyncio.sleep(requests.POLL_INTERVAL)

    async def _ended_jobs(self, batch: str, since: int) -> AsyncGenerator[BatchResult, None]:
        """Yield the jobs that have ended. If the connection breaks, request the rest after the last received job."""
        left = requests.MAX_RETRIES
        while True:
            started = False
            try:
                async with self._send(requests.batch_results(batch, since), stream=True) as response:
                    if not response.is_success:
                        await response.aread()
                    requests.raise_for_problem(response)
                    started = True
                    async for line in response.aiter_lines():
                        result = BatchResult.model_validate_json(line)
                        since, left = result.cursor, requests.MAX_RETRIES
                        yield result
            except UnreachableError:
                if not started or left == 0:
                    raise
                left -= 1
                await asyncio.sleep(requests.POLL_INTERVAL)
            else:
                return

    async def info(self) -> Info:
        """Return the name, the version, the accepted formats and the maximum file size of the service."""
        return await self._fetch(requests.get("/"), Info)

    async def stats(self) -> Load:
        """Return the current load of the service."""
        return await self._fetch(requests.get("/stats"), Load)

    async def _fetch(self, request: requests.ApiRequest, model: type[ResponseModel]) -> ResponseModel:
        async with self._send(request) as response:
            return requests.parse(response, model)

    @asynccontextmanager
    async def _send(self, request: requests.ApiRequest, *, stream: bool = False) -> AsyncIterator[httpx.Response]:
        try:
            response = await self._http.send(requests.build(self._http, request), stream=stream)
            try:
                yield response
            finally:
                await response.aclose()
        except httpx.TransportError as error:
            raise UnreachableError(f"{self._http.base_url}: {error or type(error).__name__}") from error
