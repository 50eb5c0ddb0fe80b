"""The ledger: submitted documents and received results, on disk. No interruption loses them, not even a power cut."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Any, Self

_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (
  path TEXT PRIMARY KEY,        -- relative to the folder
  stamp TEXT NOT NULL,          -- size and time of change: a changed file is a new document
  attempt INTEGER NOT NULL,     -- from 1; each retry of a failed document is a new attempt
  job TEXT,                     -- id of the job, once it was accepted
  row TEXT,                     -- the table row as JSON, once the job has ended
  failed INTEGER AS (row IS NOT NULL AND json_extract(row, '$.status') <> 'succeeded')
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS jobs ON files (job);
"""

Row = dict[str, Any]
"""The table row of a document, by column."""


@dataclass(frozen=True, slots=True)
class PendingDocument:
    """A document that has not been accepted yet."""

    path: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Number of documents: in total, accepted, ended and failed."""

    total: int
    accepted: int
    ended: int
    failed: int


class Ledger:
    """The state of the documents of one folder in one batch. Threads may share it.

    Parameters
    ----------
    path
        Path of the SQLite file. The file is created if it does not exist.

    Raises
    ------
    sqlite3.DatabaseError
        The file is not a ledger.
    sqlite3.OperationalError
        Another process uses the file.

    """

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None, timeout=0, check_same_thread=False)
        # SQLite may be built without locks of its own. The lock is reentrant: a thread that is interrupted while it
        # reads `rows` still holds the lock when it closes the ledger.
        self._lock = RLock()
        # One process at a time, from opening to closing.
        self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.executescript(_SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._lock:  # a thread may still be recording a job
            self._database.close()

    def get_or_set(self, name: str, default: str) -> str:
        """Return the value with this name. If there is none, store and return the default."""
        self._execute("INSERT OR IGNORE INTO facts VALUES (?, ?)", name, default)
        ((value,),) = self._execute("SELECT value FROM facts WHERE name = ?", name)
        return str(value)

    def set(self, name: str, value: str) -> None:
        """Store a value under a name."""
        self._execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", name, value)

    def add(self, files: Iterable[tuple[str, str]]) -> None:
        """Add documents with their stamps. A document that exists already is reset if its file has changed."""
        statement = """
            INSERT INTO files (path, stamp, attempt) VALUES (?, ?, 1) ON CONFLICT (path) DO UPDATE
            SET stamp = excluded.stamp, job = NULL, row = NULL WHERE stamp <> excluded.stamp
        """
        with self._lock:
            self._database.execute("BEGIN")
            self._database.executemany(statement, files)
            self._database.execute("COMMIT")

    def retry_failures(self) -> None:
        """Reset failed documents, so that they are submitted again."""
        self._execute("UPDATE files SET attempt = attempt + 1, job = NULL, row = NULL WHERE failed")

    def pending(self) -> list[PendingDocument]:
        """Return the documents that have not been accepted, sorted by path."""
        rows = self._execute("SELECT path, attempt FROM files WHERE job IS NULL AND row IS NULL ORDER BY path")
        return [PendingDocument(*row) for row in rows]

    def record_job(self, path: str, job: str) -> None:
        """Record the job of an accepted document."""
        self._execute("UPDATE files SET job = ? WHERE path = ?", job, path)

    def path_of(self, job: str) -> str | None:
        """Return the path of the document with this job; None if no document has it."""
        found = self._execute("SELECT path FROM files WHERE job = ?", job)
        return str(found[0][0]) if found else None

    def record_result(self, path: str, row: Row) -> None:
        """Record the result of a document."""
        self._execute("UPDATE files SET row = ? WHERE path = ?", json.dumps(row), path)

    def open_jobs(self) -> list[tuple[str, str]]:
        """Return path and job of every accepted document without a recorded result."""
        rows = self._execute("SELECT path, job FROM files WHERE job IS NOT NULL AND row IS NULL")
        return [(str(path), str(job)) for path, job in rows]

    def rows(self) -> Iterator[tuple[str, Row]]:
        """Yield every ended document with its table row, sorted by path."""
        with self._lock:
            for path, row in self._database.execute("SELECT path, row FROM files WHERE row IS NOT NULL ORDER BY path"):
                yield str(path), json.loads(row)

    def counts(self) -> Counts:
        """Return the number of documents by state."""
        (counts,) = self._execute("SELECT count(*), count(job), count(row), count(nullif(failed, 0)) FROM files")
        return Counts(*counts)

    def _execute(self, statement: str, *parameters: str) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._database.execute(statement, parameters).fetchall()
