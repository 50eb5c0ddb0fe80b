"""Submits documents from threads, so that the main thread can collect results meanwhile."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from face_intake.client import Client
from face_intake.folder.ledger import PendingDocument
from face_intake.models import Job

Recorder = Callable[[str, str], None]
"""Called with the path of a document and the id of its job."""

_MAX_REFERENCE = 255  # characters; the limit of the service


@dataclass(frozen=True, slots=True)
class Submission:
    """A document that was submitted: its job, or the exception that was raised."""

    path: str
    outcome: Job | Exception


class Submitter:
    """Submits documents to a batch, a few at a time.

    The threads are daemons: a program that is interrupted ends at once, without waiting for uploads or their retries.

    Parameters
    ----------
    client, folder, batch
        The client, the folder of the documents, and the name of the batch.
    record
        Records a job as soon as it is accepted, before the same thread submits another document. Called in threads.

    """

    def __init__(self, client: Client, folder: Path, batch: str, record: Recorder) -> None:
        self._client = client
        self._folder = folder
        self._batch = batch
        self._record = record
        self._waiting: SimpleQueue[PendingDocument] = SimpleQueue()
        self._submitted: SimpleQueue[Submission] = SimpleQueue()
        self._left = 0
        self._stopped = False

    def start(self, documents: Sequence[PendingDocument], at_once: int) -> None:
        """Submit these documents in this order, with this number of threads."""
        self._left = len(documents)
        for document in documents:
            self._waiting.put(document)
        for _ in range(at_once):
            Thread(target=self._submit_all, daemon=True).start()

    def stop(self) -> None:
        """Submit no more documents. Does not wait for those that are being submitted."""
        self._stopped = True

    @property
    def is_done(self) -> bool:
        """Whether :meth:`submitted` has yielded every document."""
        return self._left == 0

    def submitted(self, seconds: float) -> Iterator[Submission]:
        """Yield documents as they are submitted, for this many seconds at most."""
        until = time.monotonic() + seconds
        while self._left and (rest := until - time.monotonic()) > 0:
            try:
                submission = self._submitted.get(timeout=rest)
            except Empty:
                return
            self._left -= 1
            yield submission

    def _submit_all(self) -> None:
        while not self._stopped:
            try:
                document = self._waiting.get_nowait()
            except Empty:
                return
            try:
                outcome: Job | Exception = self._submit(document)
            except Exception as error:  # noqa: BLE001 - the main thread raises it
                outcome = error
            self._submitted.put(Submission(document.path, outcome))

    def _submit(self, document: PendingDocument) -> Job:
        content = (self._folder / document.path).read_bytes()
        key = _idempotency_key(self._batch, document, content)
        reference = _reference(document.path)
        job = self._client.submit(content, batch=self._batch, reference=reference, idempotency_key=key)
        self._record(document.path, job.id)
        return job


def _idempotency_key(batch: str, document: PendingDocument, content: bytes) -> str:
    """Return the idempotency key of a document: the same key each time this attempt is submitted."""
    head = json.dumps([batch, document.path, document.attempt]).encode()
    return hashlib.sha256(head + b"\0" + content).hexdigest()


def _reference(path: str) -> str:
    """Return a path as a reference: printable, and only the end of a path that is too long."""
    return "".join(character if character.isprintable() else " " for character in path)[-_MAX_REFERENCE:].strip()
