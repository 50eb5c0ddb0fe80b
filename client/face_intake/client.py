"""The synchronous client."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
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


class Client:
    r"""The service, as functions. Threads may share a client.

    Parameters
    ----------
    url
        The service's address; ``FACE_INTAKE_URL`` or http://127.0.0.1:7860 if not given.
    key
        An API key, where the service asks for one; ``FACE_INTAKE_KEY`` if not given.
    timeout
        Seconds that an answer may take.
    retry
        How requests are sent again that were not answered or came at a bad moment: by default up to 8 times, after the
        service's ``Retry-After`` or with growing pauses. Every POST has an idempotency key, so that none counts twice.

    Notes
    -----
    Proxies that the environment names are not used.

    Examples
    --------
    >>> with Client() as client:
    ...     extraction = client.extract_face("id-card.jpg")
    >>> extraction.portrait[:3]
    b'\xff\xd8\xff'
    >>> extraction.metadata.total_faces
    2

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
        self._http = httpx.Client(transport=transport, **requests.options(url, key, timeout))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def extract_face(
        self, document: Document, *, pages: bool = False, idempotency_key: str | None = None
    ) -> Extraction:
        """Find the holder's portrait in a document, and wait for it.

        Parameters
        ----------
        document
            A photo, scan or PDF: a path, bytes, or an open file. ``info().formats`` lists the formats that the service
            accepts.
        pages
            Whether every page is to come with the answer, reduced.
        idempotency_key
            The same key with the same document gives the same answer for 24 hours; a new one each time if not given.

        Raises
        ------
        DocumentError, RequestError, ServiceError, UnreachableError

        Examples
        --------
        >>> with Client() as client:
        ...     client.extract_face(b"GIF89a...")
        Traceback (most recent call last):
        ...
        face_intake.errors.UnsupportedFormatError: unsupported_format: The file is a GIF picture. Save it as JPEG, ...

        """
        call = requests.post("/extract-face", {"file": document}, idempotency_key, pages=pages)
        return self._ask(call, Extraction)

    def compare_faces(  # noqa: PLR0913 - the options of a comparison
        self,
        selfie: Document,
        id_photo: Document,
        *,
        threshold: float | None = None,
        false_match_rate: float | None = None,
        portraits: bool = False,
        idempotency_key: str | None = None,
    ) -> Comparison:
        """Tell whether two pictures show the same person; either may be a whole document.

        Parameters
        ----------
        selfie, id_photo
            As for :meth:`extract_face`.
        threshold
            Distance up to which they match; the service's own if neither this nor ``false_match_rate`` is given.
        false_match_rate
            Instead of a threshold: how often strangers may match, from 0.00001 to 0.1. 0.0001 is 1 in 10,000.
        portraits
            Whether the answer contains both faces as JPEGs (``portrait``).
        idempotency_key
            As for :meth:`extract_face`.

        Raises
        ------
        DocumentError, RequestError, ServiceError, UnreachableError

        Examples
        --------
        >>> with Client() as client:
        ...     comparison = client.compare_faces("selfie.jpg", "id-card.jpg", false_match_rate=0.0001)
        >>> comparison.match, comparison.threshold, comparison.id_photo.page
        (True, 0.5, 1)

        """
        documents = {"selfie": selfie, "id_photo": id_photo}
        fields = {"threshold": threshold, "false_match_rate": false_match_rate, "portraits": portraits}
        return self._ask(requests.post("/compare-faces", documents, idempotency_key, **fields), Comparison)

    def submit(  # noqa: PLR0913 - what a submission can say
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
        """Hand a document in and return its job at once; when this returns, the service will end it.

        Parameters
        ----------
        document, pages, idempotency_key
            As for :meth:`extract_face`.
        batch
            The group it is counted in.
        reference
            Your own name for it, which comes back with it.
        callback_url, callback_image
            Who is told of its end, and whether with the portrait.

        Raises
        ------
        DocumentError, RequestError, ServiceError, UnreachableError

        Examples
        --------
        >>> with Client() as client:
        ...     job = client.submit("id-card.jpg", reference="applicant-4711")
        ...     client.wait(job).extraction.metadata.selected.page
        1

        """
        fields = {"batch": batch, "reference": reference, "pages": pages}
        more = {"callback_url": callback_url, "callback_image": callback_image}
        call = requests.post("/jobs/extract-face", {"file": document}, idempotency_key, **fields, **more)
        return self._ask(call, Job)

    def submit_comparison(  # noqa: PLR0913 - likewise
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
        """Hand two pictures in and return the job at once.

        Parameters
        ----------
        selfie, id_photo, threshold, false_match_rate, portraits, idempotency_key
            As for :meth:`compare_faces`. A rate that was not measured is the error of the job, not of this call.
        batch, reference, callback_url
            As for :meth:`submit`.
        callback_image
            Whether the callback contains both faces, where ``portraits`` is set.

        Raises
        ------
        DocumentError, RequestError, ServiceError, UnreachableError

        """
        documents = {"selfie": selfie, "id_photo": id_photo}
        fields = {"threshold": threshold, "false_match_rate": false_match_rate, "portraits": portraits}
        more = {"batch": batch, "reference": reference, "callback_url": callback_url, "callback_image": callback_image}
        call = requests.post("/jobs/compare-faces", documents, idempotency_key, **fields, **more)
        return self._ask(call, Job)

    def job(self, job: Job | str) -> Job:
        """Return how a job stands now.

        Raises
        ------
        JobNotFoundError

        """
        return self._ask(requests.get(requests.job_path(job)), Job)

    def wait(self, job: Job | str, timeout: float | None = None) -> Job:
        """Wait for a job to end and return it; its ``extraction`` or ``comparison`` is the result, or raises.

        Parameters
        ----------
        job
            A job or its id.
        timeout
            Seconds; for ever if not given.

        Raises
        ------
        TimeoutError
            It has not ended; it goes on.
        JobNotFoundError

        """
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            left = requests.LONGEST_WAIT if until is None else until - time.monotonic()
            now = self._ask(
                requests.get(requests.job_path(job), wait=max(0, min(requests.LONGEST_WAIT, round(left)))), Job
            )
            if now.ended:
                return now
            if left <= 0:
                raise TimeoutError(f"job {now.id} is still {now.status}")

    def erase(self, job: Job | str) -> None:
        """Cancel a job that has not ended, or forget one that has; its data are unreadable at once.

        Raises
        ------
        JobNotFoundError

        """
        with self._sent(requests.Call("DELETE", requests.job_path(job))) as response:
            requests.check(response)

    def batch(self, name: str) -> Batch:
        """Count a batch's jobs by state.

        Raises
        ------
        BatchNotFoundError

        """
        return self._ask(requests.get(requests.batch_path(name)), Batch)

    def cancel_batch(self, name: str) -> Batch:
        """Cancel what the service has not begun of a batch.

        Raises
        ------
        BatchNotFoundError

        """
        return self._ask(requests.Call("DELETE", requests.batch_path(name)), Batch)

    def iter_results(self, batch: str, *, since: int = 0, follow: bool = False) -> Iterator[BatchResult]:
        """Yield the jobs of a batch that have ended, in that order.

        Parameters
        ----------
        batch
            Its name.
        since
            ``cursor`` of the last result that you have.
        follow
            Whether to go on until all jobs of the batch have ended.

        Raises
        ------
        BatchNotFoundError

        Examples
        --------
        >>> with Client() as client:
        ...     for name in ("id-card.jpg", "selfie.jpg"):
        ...         _ = client.submit(name, batch="spring", reference=name)
        ...     sorted(result.reference for result in client.iter_results("spring", follow=True))
        ['id-card.jpg', 'selfie.jpg']

        """
        while True:
            done = follow and self.batch(batch).open == 0  # asked before, so that nothing ends unseen
            for result in self._ended(batch, since):
                since = result.cursor
                yield result
            if done or not follow:
                return
            time.sleep(requests.LOOK_EVERY)

    def _ended(self, batch: str, since: int) -> Iterator[BatchResult]:
        """Yield the jobs that have ended by now; if the answer breaks off, ask again from the last one on."""
        left = requests.RETRIES
        while True:
            begun = False
            try:
                with self._sent(requests.results(batch, since), stream=True) as response:
                    if not response.is_success:
                        response.read()
                    requests.check(response)
                    begun = True
                    for line in response.iter_lines():
                        result = BatchResult.model_validate_json(line)
                        since, left = result.cursor, requests.RETRIES
                        yield result
            except UnreachableError:
                if not begun or left == 0:
                    raise
                left -= 1
                time.sleep(requests.LOOK_EVERY)
            else:
                return

    def info(self) -> Info:
        """Return what the service is, and which formats it accepts."""
        return self._ask(requests.get("/"), Info)

    def stats(self) -> Load:
        """Return how loaded it is."""
        return self._ask(requests.get("/stats"), Load)

    def _ask(self, call: requests.Call, model: type[Answer]) -> Answer:
        with self._sent(call) as response:
            return requests.read(response, model)

    @contextmanager
    def _sent(self, call: requests.Call, *, stream: bool = False) -> Iterator[httpx.Response]:
        request = self._http.build_request(
            call.method, call.path, params=call.params, data=call.data, files=call.files, headers=call.headers
        )
        try:
            response = self._http.send(request, stream=stream)
            try:
                yield response
            finally:
                response.close()
        except httpx.TransportError as error:
            raise UnreachableError(f"{self._http.base_url}: {error or type(error).__name__}") from error
