"""Submits the pending documents of a folder, a few at a time, and collects the results until all have ended."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Collection, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from face_intake.async_client import AsyncClient
from face_intake.errors import BatchNotFoundError, DocumentError, FaceIntakeError, JobExpiredError, JobNotFoundError
from face_intake.folder.ledger import Ledger, PendingDocument
from face_intake.folder.table import row_of, row_of_rejection
from face_intake.models import ORIGINAL_SUFFIXES, Job
from face_intake.results import Extraction

_POLL_INTERVAL = 0.5  # seconds between two requests for ended jobs
_MAX_REFERENCE = 255  # characters; the limit of the service
_CURSOR = "cursor"

OnChange = Callable[[], None]


@dataclass(frozen=True, slots=True)
class ProcessingOptions:
    """The options of a run.

    Attributes
    ----------
    folder
        Folder of the documents. Subfolders are included.
    batch
        Name of the batch for the jobs.
    portraits
        Folder for the portraits; None to write none.
    at_once
        Number of concurrent submissions.

    """

    folder: Path
    batch: str
    portraits: Path | None
    at_once: int


def find_documents(folder: Path, suffixes: Collection[str] = ORIGINAL_SUFFIXES) -> Iterator[tuple[str, str]]:
    """Yield the documents of a folder and its subfolders: relative path, and a stamp that changes with the file.

    Parameters
    ----------
    folder
        The folder to search.
    suffixes
        Accepted suffixes in lower case. Other files are left out.

    """
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in suffixes and path.is_file():
            state = path.stat()
            yield path.relative_to(folder).as_posix(), f"{state.st_size} {state.st_mtime_ns}"


class FolderProcessor:
    """Processes the documents of a folder. The ledger stores the progress.

    Parameters
    ----------
    client, ledger, options
        The client, the ledger, and the options of the run.
    on_change
        Called after each change of the ledger.

    """

    def __init__(self, client: AsyncClient, ledger: Ledger, options: ProcessingOptions, on_change: OnChange) -> None:
        self._client = client
        self._ledger = ledger
        self._options = options
        self._on_change = on_change
        self._active_senders = 0

    async def run(self) -> None:
        """Submit documents and collect results until every document of the ledger has ended.

        Raises
        ------
        FaceIntakeError
            The service cannot be reached or rejects the request. The ledger keeps the progress.
        OSError
            A file cannot be read or written.

        """
        documents = iter(self._ledger.pending())
        self._active_senders = self._options.at_once
        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(self._options.at_once):
                    tasks.create_task(self._submit_all(documents))
                tasks.create_task(self._collect_all())
        except* (FaceIntakeError, OSError) as group:
            raise _first(group) from None

    async def _submit_all(self, documents: Iterator[PendingDocument]) -> None:
        for document in documents:
            await self._submit(document)
        self._active_senders -= 1

    async def _submit(self, document: PendingDocument) -> None:
        content = await asyncio.to_thread((self._options.folder / document.path).read_bytes)
        key = _idempotency_key(self._options.batch, document, content)
        try:
            job = await self._client.submit(
                content, batch=self._options.batch, reference=_reference(document.path), idempotency_key=key
            )
        except (DocumentError, JobExpiredError) as error:
            self._ledger.record_result(document.path, row_of_rejection(error.problem))
        else:
            self._ledger.record_job(document.path, job.id)
            if job.ended:  # an interrupted run submitted it without recording the job
                await self._fetch(document.path, job.id)
        self._on_change()

    async def _collect_all(self) -> None:
        """Collect results until every document has been submitted and has ended."""
        while True:
            all_submitted = self._active_senders == 0
            await self._collect()
            if all_submitted:
                if not self._ledger.open_jobs():
                    return
                if await self._is_batch_finished():
                    await self._collect()
                    for path, job in self._ledger.open_jobs():
                        await self._fetch(path, job)
            await asyncio.sleep(_POLL_INTERVAL)

    async def _is_batch_finished(self) -> bool:
        try:
            return (await self._client.batch(self._options.batch)).open == 0
        except BatchNotFoundError:
            return True  # the batch has expired

    async def _collect(self) -> None:
        since = int(self._ledger.get_or_set(_CURSOR, "0"))
        try:
            async with aclosing(self._client.iter_results(self._options.batch, since=since)) as results:
                async for result in results:
                    path = self._ledger.path_of(result.id)
                    if path is None and self._active_senders:
                        return  # the job is not recorded yet; the next request returns it again
                    if path is not None:
                        await self._save(path, result)
                    self._ledger.set(_CURSOR, str(result.cursor))
        except BatchNotFoundError:
            return  # no document has been accepted yet, or the batch has expired

    async def _fetch(self, path: str, job_id: str) -> None:
        """Fetch one job. Its result may have expired."""
        try:
            job = await self._client.job(job_id)
        except JobNotFoundError as error:
            self._ledger.record_result(path, {"job": job_id, **row_of_rejection(error.problem)})
        else:
            if job.ended:
                await self._save(path, job)
        self._on_change()

    async def _save(self, path: str, job: Job) -> None:
        portrait = None
        if self._options.portraits and isinstance(job.result, Extraction):
            portrait = self._options.portraits / f"{path}.jpg"
            await asyncio.to_thread(_write, portrait, job.result.portrait)
        self._ledger.record_result(path, row_of(job, portrait))
        self._on_change()


def _write(path: Path, content: bytes) -> None:
    """Write a file atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def _idempotency_key(batch: str, document: PendingDocument, content: bytes) -> str:
    """Return the idempotency key of a document: the same key each time this attempt is submitted."""
    head = json.dumps([batch, document.path, document.attempt]).encode()
    return hashlib.sha256(head + b"\0" + content).hexdigest()


def _reference(path: str) -> str:
    """Return a path as a reference: printable, and only the end of a path that is too long."""
    return "".join(character if character.isprintable() else " " for character in path)[-_MAX_REFERENCE:].strip()


def _first(group: BaseExceptionGroup[Exception]) -> Exception:
    """Return the error that ended a group of tasks: the first one, because it cancelled the other tasks."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
