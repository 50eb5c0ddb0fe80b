"""The synchronous client."""

import time
from collections.abc import Generator, Iterator
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
from face_intake.transports import Transport

ResponseModel = TypeVar("ResponseModel", bound=BaseModel)


class Client:
    r"""Client of the service. Threads may share one client.

    Parameters
    ----------
    url
        URL of the service. Default: ``FACE_INTAKE_URL``, or http://127.0.0.1:7860.
    key
        API key, if the service requires one. Default: ``FACE_INTAKE_KEY``.
    timeout
        Maximum seconds for a response.
    retry
        Retry policy after connection errors and temporary failures. Default: up to 8 retries, after the service's
        ``Retry-After`` or with growing delays. Every POST has an idempotency key, so that a retry has no second effect.

    Notes
    -----
    The client does not use the proxies that the environment names.

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
        # Without a transport, RetryTransport makes two of them, and loads the certificates for each.
        transport = RetryTransport(Transport(), retry or requests.retry_policy())
        self._http = httpx.Client(transport=transport, **requests.client_options(url, key, timeout))

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
        """Return the holder's portrait from a document. Waits for the result.

        Parameters
        ----------
        document
            A photo, scan or PDF, given as a path, bytes or an open file. ``info().formats`` lists the accepted formats.
        pages
            Whether the result contains a reduced picture of every page.
        idempotency_key
            The same key with the same document gives the same result for 24 hours. Default: a new key for each call.

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
        request = requests.upload("/extract-face", {"file": document}, idempotency_key, pages=pages)
        return self._fetch(request, Extraction)

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
        """Return whether two pictures show the same person. Either may be a whole document. Waits for the result.

        Parameters
        ----------
        selfie, id_photo
            See :meth:`extract_face`.
        threshold
            Largest distance that counts as a match. Default: the service's threshold.
        false_match_rate
            Instead of a threshold: the accepted rate at which two strangers match, from 0.00001 to 0.1. 0.0001 is 1 in
            10,000.
        portraits
            Whether the result contains both faces as JPEGs (``portrait``).
        idempotency_key
            See :meth:`extract_face`.

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
        return self._fetch(requests.upload("/compare-faces", documents, idempotency_key, **fields), Comparison)

    def submit(  # noqa: PLR0913 - the options of a submission
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
        """Submit a document and return its job without waiting. From then on, the service guarantees that the job ends.

        Parameters
        ----------
        document, pages, idempotency_key
            See :meth:`extract_face`.
        batch
            Name of the batch that the job belongs to.
        reference
            Your own identifier. The job returns it.
        callback_url, callback_image
            URL of the webhook that is sent when the job ends, and whether it contains the portrait.

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
        request = requests.upload("/jobs/extract-face", {"file": document}, idempotency_key, **fields, **more)
        return self._fetch(request, Job)

    def submit_comparison(  # noqa: PLR0913 - the options of a submission
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
        """Submit two pictures for comparison and return the job without waiting.

        Parameters
        ----------
        selfie, id_photo, threshold, false_match_rate, portraits, idempotency_key
            See :meth:`compare_faces`. A rate that was not measured fails the job, not this call.
        batch, reference, callback_url
            See :meth:`submit`.
        callback_image
            Whether the webhook contains both faces. Requires ``portraits``.

        Raises
        ------
        DocumentError, RequestError, ServiceError, UnreachableError

        """
        documents = {"selfie": selfie, "id_photo": id_photo}
        fields = {"threshold": threshold, "false_match_rate": false_match_rate, "portraits": portraits}
        more = {"batch": batch, "reference": reference, "callback_url": callback_url, "callback_image": callback_image}
        request = requests.upload("/jobs/compare-faces", documents, idempotency_key, **fields, **more)
        return self._fetch(request, Job)

    def job(self, job: Job | str) -> Job:
        """Return the current state of a job.

        Raises
        ------
        JobNotFoundError

        """
        return self._fetch(requests.get(requests.job_path(job)), Job)

    def wait(self, job: Job | str, timeout: float | None = None) -> Job:
        """Wait until a job has ended, and return it. Its ``extraction`` or ``comparison`` returns the result or raises.

        Parameters
        ----------
        job
            A job or its id.
        timeout
            Maximum seconds to wait. Default: no limit.

        Raises
        ------
        TimeoutError
            The job has not ended. It continues.
        JobNotFoundError

        """
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            left = requests.MAX_WAIT if until is None else until - time.monotonic()
            now = self._fetch(
                requests.get(requests.job_path(job), wait=max(0, min(requests.MAX_WAIT, round(left)))), Job
            )
            if now.ended:
                return now
            if left <= 0:
                raise TimeoutError(f"job {now.id} is still {now.status}")

    def erase(self, job: Job | str) -> None:
        """Cancel a job that has not ended, or delete one that has. Its data become unreadable at once.

        Raises
        ------
        JobNotFoundError

        """
        with self._send(requests.delete(requests.job_path(job))) as response:
            requests.raise_for_problem(response)

    def batch(self, name: str) -> Batch:
        """Return a batch with the number of its jobs by status.

        Raises
        ------
        BatchNotFoundError

        """
        return self._fetch(requests.get(requests.batch_path(name)), Batch)

    def cancel_batch(self, name: str) -> Batch:
        """Cancel the jobs of a batch that have not started.

        Raises
        ------
        BatchNotFoundError

        """
        return self._fetch(requests.delete(requests.batch_path(name)), Batch)

    def iter_results(self, batch: str, *, since: int = 0, follow: bool = False) -> Generator[BatchResult, None, None]:
        """Yield the ended jobs of a batch, in the order in which they ended.

        Parameters
        ----------
        batch
            Name of the batch.
        since
            ``cursor`` of the last result that you received.
        follow
            Whether to continue until all jobs of the batch have ended.

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
            done = follow and self.batch(batch).open == 0  # check first, so that no job that ends meanwhile is missed
            for result in self._ended_jobs(batch, since):
                since = result.cursor
                yield result
            if done or not follow:
                return
            time.sleep(requests.POLL_INTERVAL)

    def _ended_jobs(self, batch: str, since: int) -> Iterator[BatchResult]:
        """Yield the jobs that have ended. If the connection breaks, request the rest after the last received job."""
        left = requests.MAX_RETRIES
        while True:
            started = False
            try:
                with self._send(requests.batch_results(batch, since), stream=True) as response:
                    if not response.is_success:
                        response.read()
                    requests.raise_for_problem(response)
                    started = True
                    for line in response.iter_lines():
                        result = BatchResult.model_validate_json(line)
                        since, left = result.cursor, requests.MAX_RETRIES
                        yield result
            except UnreachableError:
                if not started or left == 0:
                    raise
                left -= 1
                time.sleep(requests.POLL_INTERVAL)
            else:
                return

    def info(self) -> Info:
        """Return the name, the version, the accepted formats and the maximum file size of the service."""
        return self._fetch(requests.get("/"), Info)

    def stats(self) -> Load:
        """Return the current load of the service."""
        return self._fetch(requests.get("/stats"), Load)

    def _fetch(self, request: requests.ApiRequest, model: type[ResponseModel]) -> ResponseModel:
        with self._send(request) as response:
            return requests.parse(response, model)

    @contextmanager
    def _send(self, request: requests.ApiRequest, *, stream: bool = False) -> Iterator[httpx.Response]:
        try:
            response = self._http.send(requests.build(self._http, request), stream=stream)
            try:
                yield response
            finally:
                response.close()
        except httpx.TransportError as error:
            raise UnreachableError(f"{self._http.base_url}: {error or type(error).__name__}") from error
