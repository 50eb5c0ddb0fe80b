"""Submits the pending documents of a folder, a few at a time, and collects the results until all have ended."""

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from face_intake.client import Client
from face_intake.errors import BatchNotFoundError, DocumentError, JobExpiredError, JobNotFoundError
from face_intake.folder.ledger import Ledger
from face_intake.folder.submitter import Submission, Submitter
from face_intake.folder.table import row_of, row_of_rejection, row_of_unreadable_file
from face_intake.models import ORIGINAL_SUFFIXES, Job
from face_intake.results import Extraction

_POLL_INTERVAL = 0.5  # seconds between two requests for ended jobs
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

    Threads submit the documents, while the calling thread collects results.

    Parameters
    ----------
    client, ledger, options
        The client, the ledger, and the options of the run.
    on_change
        Called after each change of the ledger.

    """

    def __init__(self, client: Client, ledger: Ledger, options: ProcessingOptions, on_change: OnChange) -> None:
        self._client = client
        self._ledger = ledger
        self._options = options
        self._on_change = on_change

    def run(self) -> None:
        """Submit documents and collect results until every document of the ledger has ended.

        Raises
        ------
        FaceIntakeError
            The service cannot be reached or rejects the request. The ledger keeps the progress.
        OSError
            A portrait cannot be written.

        """
        options = self._options
        submitter = Submitter(self._client, options.folder, options.batch, self._ledger.record_job)
        submitter.start(self._ledger.pending(), options.at_once)
        try:
            while not submitter.is_done:
                for submission in submitter.submitted(_POLL_INTERVAL):
                    self._record(submission)
                self._collect(all_recorded=submitter.is_done)
        finally:
            submitter.stop()
        while self._ledger.open_jobs():
            if self._is_batch_finished():
                self._collect(all_recorded=True)
                for path, job in self._ledger.open_jobs():
                    self._fetch(path, job)
            else:
                time.sleep(_POLL_INTERVAL)
                self._collect(all_recorded=True)

    def _record(self, submission: Submission) -> None:
        """Record a document that was refused or cannot be read. Fetch a job that an interrupted run did not record."""
        match submission.outcome:
            case Job() as job:
                if job.ended:
                    self._fetch(submission.path, job.id)
            case DocumentError() | JobExpiredError() as error:
                self._ledger.record_result(submission.path, row_of_rejection(error.problem))
            case OSError() as error:
                self._ledger.record_result(submission.path, row_of_unreadable_file(error))
            case Exception() as error:
                raise error
        self._on_change()

    def _is_batch_finished(self) -> bool:
        try:
            return self._client.batch(self._options.batch).open == 0
        except BatchNotFoundError:
            return True  # the batch has expired

    def _collect(self, *, all_recorded: bool) -> None:
        """Save the jobs that have ended. ``all_recorded`` is whether the ledger has the jobs of all documents."""
        since = int(self._ledger.get_or_set(_CURSOR, "0"))
        try:
            with closing(self._client.iter_results(self._options.batch, since=since)) as results:
                for result in results:
                    path = self._ledger.path_of(result.id)
                    if path is None and not all_recorded:
                        return  # the job is not recorded yet; the next request returns it again
                    if path is not None:
                        self._save(path, result)
                    self._ledger.set(_CURSOR, str(result.cursor))
        except BatchNotFoundError:
            return  # no document has been accepted yet, or the batch has expired

    def _fetch(self, path: str, job_id: str) -> None:
        """Fetch one job. Its result may have expired."""
        try:
            job = self._client.job(job_id)
        except JobNotFoundError as error:
            self._ledger.record_result(path, {"job": job_id, **row_of_rejection(error.problem)})
        else:
            if job.ended:
                self._save(path, job)
        self._on_change()

    def _save(self, path: str, job: Job) -> None:
        portrait = None
        if self._options.portraits and isinstance(job.result, Extraction):
            portrait = self._options.portraits / f"{path}.jpg"
            _write(portrait, job.result.portrait)
        self._ledger.record_result(path, row_of(job, portrait))
        self._on_change()


def _write(path: Path, content: bytes) -> None:
    """Write a file atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.write_bytes(content)
    unfinished.replace(path)
