"""The asynchronous client: the synchronous one's methods, to be awaited. What they do is described there."""

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

Answer = TypeVar("Answer", bound=BaseModel)


class AsyncClient:
    """As :class:`~face_intake.client.Client`, for asyncio. Documents given by path are read in the event loop's thread.

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
        transport = RetryTransport(retry=retry or requests.retrying())
        self._http = httpx.AsyncClient(transport=transport, **requests.options(url, key, timeout))

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
        """Find the holder's portrait in a document, and wait for it."""
        call = requests.post("/extract-face", {"file": document}, idempotency_key, pages=pages)
        return await self._ask(call, Extraction)

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
        """Tell whether two pictures show the same person."""
        documents = {"selfie": selfie, "id_photo": id_photo}
        fields = {"threshold": threshold, "false_match_rate": false_match_rate, "portraits": portraits}
        return await self._ask(requests.post("/compare-faces", documents, idempotency_key, **fields), Comparison)

    async def submit(  # noqa: PLR0913 - what a submission can say
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
        """Hand a document in and return its job at once."""
        fields = {"batch": batch, "reference": reference, "pages": pages}
        more = {"callback_url": callback_url, "callback_image": callback_image}
        call = requests.post("/jobs/extract-face", {"file": document}, idempotency_key, **fields, **more)
        return await self._ask(call, Job)

    async def submit_comparison(  # noqa: PLR0913 - likewise
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
        """Hand two pictures in and return the job at once."""
        documents = {"selfie": selfie, "id_photo": id_photo}
        fields = {"threshold": threshold, "false_match_rate": false_match_rate, "portraits": portraits}
        more = {"batch": batch, "reference": reference, "callback_url": callback_url, "callback_image": callback_image}
        call = requests.post("/jobs/compare-faces", documents, idempotency_key, **fields, **more)
        return await self._ask(call, Job)

    async def job(self, job: Job | str) -> Job:
        """Return how a job stands now."""
        return await self._ask(requests.get(requests.job_path(job)), Job)

    async def wait(self, job: Job | str, timeout: float | None = None) -> Job:  # noqa: ASYNC109 - as the other has it
        """Wait for a job to end and return it."""
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            left = requests.LONGEST_WAIT if until is None else until - time.monotonic()
            wait = max(0, min(requests.LONGEST_WAIT, round(left)))
            now = await self._ask(requests.get(requests.job_path(job), wait=wait), Job)
            if now.ended:
                return now
            if left <= 0:
                raise TimeoutError(f"job {now.id} is still {now.status}")

    async def erase(self, job: Job | str) -> None:
        """Cancel a job that has not ended, or forget one that has."""
        async with self._sent(requests.Call("DELETE", requests.job_path(job))) as response:
            requests.check(response)

    async def batch(self, name: str) -> Batch:
        """Count a batch's jobs by state."""
        return await self._ask(requests.get(requests.batch_path(name)), Batch)

    async def cancel_batch(self, name: str) -> Batch:
        """Cancel what the service has not begun of a batch."""
        return await self._ask(requests.Call("DELETE", requests.batch_path(name)), Batch)

    async def iter_results(
        self, batch: str, *, since: int = 0, follow: bool = False
    ) -> AsyncGenerator[BatchResult, None]:
        """Yield the jobs of a batch that have ended, in that order."""
        while True:
            done = follow and (await self.batch(batch)).open == 0
            async with aclosing(self._ended(batch, since)) as results:
                async for result in results:
                    since = result.cursor
                    yield result
            if done or not follow:
                return
            await asyncio.sleep(requests.LOOK_EVERY)

    async def _ended(self, batch: str, since: int) -> AsyncGenerator[BatchResult, None]:
        """Yield the jobs that have ended by now; if the answer breaks off, ask again from the last one on."""
        left = requests.RETRIES
        while True:
            begun = False
            try:
                async with self._sent(requests.results(batch, since), stream=True) as response:
                    if not response.is_success:
                        await response.aread()
                    requests.check(response)
                    begun = True
                    async for line in response.aiter_lines():
                        result = BatchResult.model_validate_json(line)
                        since, left = result.cursor, requests.RETRIES
                        yield result
            except UnreachableError:
                if not begun or left == 0:
                    raise
                left -= 1
                await asyncio.sleep(requests.LOOK_EVERY)
            else:
                return

    async def info(self) -> Info:
        """Return what the service is."""
        return await self._ask(requests.get("/"), Info)

    async def stats(self) -> Load:
        """Return how loaded it is."""
        return await self._ask(requests.get("/stats"), Load)

    async def _ask(self, call: requests.Call, model: type[Answer]) -> Answer:
        async with self._sent(call) as response:
            return requests.read(response, model)

    @asynccontextmanager
    async def _sent(self, call: requests.Call, *, stream: bool = False) -> AsyncIterator[httpx.Response]:
        request = self._http.build_request(
            call.method, call.path, params=call.params, data=call.data, files=call.files, headers=call.headers
        )
        try:
            response = await self._http.send(request, stream=stream)
            try:
                yield response
            finally:
                await response.aclose()
        except httpx.TransportError as error:
            raise UnreachableError(f"{self._http.base_url}: {error or type(error).__name__}") from error
