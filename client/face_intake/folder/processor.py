"""The work: send what has not been sent, a few at a time, and take in what comes back, until nothing is left."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Collection, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from face_intake.async_client import AsyncClient
from face_intake.errors import BatchNotFoundError, DocumentError, FaceIntakeError, JobExpiredError, JobNotFoundError
from face_intake.folder.ledger import Entry, Ledger
from face_intake.folder.table import row_of, row_of_refusal
from face_intake.models import ORIGINAL_SUFFIXES, Job
from face_intake.results import Extraction

_LOOK_EVERY = 0.5  # seconds between two looks for what has ended
_LONGEST_REFERENCE = 255  # characters, as the service has it
_CURSOR = "cursor"

Changed = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done.

    Attributes
    ----------
    folder
        Whose documents are sent, those of its subfolders included.
    batch
        The batch they are sent to.
    portraits
        Where portraits are written; None to write none.
    at_once
        Documents on their way at a time.

    """

    folder: Path
    batch: str
    portraits: Path | None
    at_once: int


def documents_in(folder: Path, suffixes: Collection[str] = ORIGINAL_SUFFIXES) -> Iterator[tuple[str, str]]:
    """Yield the documents of a folder and its subfolders: path inside it, and a stamp that changes with the file.

    Parameters
    ----------
    folder
        Where they are looked for.
    suffixes
        How their names end, in lower case; other files are left out.

    """
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in suffixes and path.is_file():
            state = path.stat()
            yield path.relative_to(folder).as_posix(), f"{state.st_size} {state.st_mtime_ns}"


class Intake:
    """Works a plan off; the ledger knows how far it has come.

    Parameters
    ----------
    client, ledger, plan
        Who is asked, what is known, what is to be done.
    changed
        Called whenever the ledger has changed.

    """

    def __init__(self, client: AsyncClient, ledger: Ledger, plan: Plan, changed: Changed) -> None:
        self._client = client
        self._ledger = ledger
        self._plan = plan
        self._changed = changed
        self._sending = 0

    async def run(self) -> None:
        """Send and take in until every document of the ledger has ended.

        Raises
        ------
        FaceIntakeError
            The service cannot be reached or will not have it; the ledger has what was done.
        OSError
            A file cannot be read or written.

        """
        entries = iter(self._ledger.unsent())
        self._sending = self._plan.at_once
        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(self._plan.at_once):
                    tasks.create_task(self._send_all(entries))
                tasks.create_task(self._take_all())
        except* (FaceIntakeError, OSError) as group:
            raise _first(group) from None

    async def _send_all(self, entries: Iterator[Entry]) -> None:
        for entry in entries:
            await self._send(entry)
        self._sending -= 1

    async def _send(self, entry: Entry) -> None:
        content = await asyncio.to_thread((self._plan.folder / entry.path).read_bytes)
        key = _key(self._plan.batch, entry, content)
        try:
            job = await self._client.submit(
                content, batch=self._plan.batch, reference=_reference(entry.path), idempotency_key=key
            )
        except (DocumentError, JobExpiredError) as error:
            self._ledger.settled(entry.path, row_of_refusal(error.problem))
        else:
            self._ledger.accepted(entry.path, job.id)
            if job.ended:  # it was sent by a run before this one that could not note it any more
                await self._ask(entry.path, job.id)
        self._changed()

    async def _take_all(self) -> None:
        """Take in what ends until everything has been sent and has ended."""
        while True:
            all_sent = self._sending == 0
            await self._take()
            if all_sent:
                if not self._ledger.open_jobs():
                    return
                if await self._nothing_runs():
                    await self._take()
                    for path, job in self._ledger.open_jobs():
                        await self._ask(path, job)
            await asyncio.sleep(_LOOK_EVERY)

    async def _nothing_runs(self) -> bool:
        try:
            return (await self._client.batch(self._plan.batch)).open == 0
        except BatchNotFoundError:
            return True  # it has expired since

    async def _take(self) -> None:
        since = int(self._ledger.fact(_CURSOR, "0"))
        try:
            async with aclosing(self._client.iter_results(self._plan.batch, since=since)) as results:
                async for result in results:
                    path = self._ledger.path_of(result.id)
                    if path is None and self._sending:
                        return  # its acceptance is about to be noted; it comes again
                    if path is not None:
                        await self._settle(path, result)
                    self._ledger.note(_CURSOR, str(result.cursor))
        except BatchNotFoundError:
            return  # nothing has been accepted yet, or everything has expired

    async def _ask(self, path: str, job_id: str) -> None:
        """Ask for one job; its results may have expired since it was sent."""
        try:
            job = await self._client.job(job_id)
        except JobNotFoundError as error:
            self._ledger.settled(path, {"job": job_id, **row_of_refusal(error.problem)})
        else:
            if job.ended:
                await self._settle(path, job)
        self._changed()

    async def _settle(self, path: str, job: Job) -> None:
        portrait = None
        if self._plan.portraits and isinstance(job.result, Extraction):
            portrait = self._plan.portraits / f"{path}.jpg"
            await asyncio.to_thread(_write, portrait, job.result.portrait)
        self._ledger.settled(path, row_of(job, portrait))
        self._changed()


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def _key(batch: str, entry: Entry, content: bytes) -> str:
    """Return the idempotency key of a document: the same whenever this attempt at it is sent."""
    head = json.dumps([batch, entry.path, entry.attempt]).encode()
    return hashlib.sha256(head + b"\0" + content).hexdigest()


def _reference(path: str) -> str:
    """Return a path as the service takes it: printable, its end if it is too long."""
    return "".join(character if character.isprintable() else " " for character in path)[-_LONGEST_REFERENCE:].strip()


def _first(group: BaseExceptionGroup[Exception]) -> Exception:
    """Return the error that ended a group of tasks: the first, since the others were cancelled for it."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
