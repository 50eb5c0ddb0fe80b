"""What has been sent and what has come back, on disk: an interruption, a power cut included, loses nothing of it."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (
  path TEXT PRIMARY KEY,        -- inside the folder
  stamp TEXT NOT NULL,          -- size and time of change: another file under the same name is another document
  attempt INTEGER NOT NULL,     -- from 1; a failure that is tried again is another attempt
  job TEXT,                     -- once it was accepted
  row TEXT,                     -- once it has ended: what the table says of it, JSON
  failed INTEGER AS (row IS NOT NULL AND json_extract(row, '$.status') <> 'succeeded')
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS jobs ON files (job);
"""

Row = dict[str, Any]
"""What the table says of a document, by column."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A document that has not been accepted yet."""

    path: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Tally:
    """How many documents there are, were accepted, have ended, and failed."""

    total: int
    accepted: int
    ended: int
    failed: int


class Ledger:
    """The documents of one folder in one batch.

    Parameters
    ----------
    path
        Its file, SQLite's; made if it is not there.

    Raises
    ------
    sqlite3.DatabaseError
        The file is something else.
    sqlite3.OperationalError
        Another process is at it.

    """

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None, timeout=0)
        # One process at a time, from the first look to the last word.
        self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.executescript(_SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._database.close()

    def fact(self, name: str, default: str) -> str:
        """Return what was noted under a name; note the default if nothing was."""
        self._database.execute("INSERT OR IGNORE INTO facts VALUES (?, ?)", (name, default))
        value: str = self._one("SELECT value FROM facts WHERE name = ?", name)[0]
        return value

    def note(self, name: str, value: str) -> None:
        """Note something under a name."""
        self._database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def add(self, files: Iterable[tuple[str, str]]) -> None:
        """Enter documents, each with its stamp; one that is there stays as it is, unless its file has changed."""
        statement = """
            INSERT INTO files (path, stamp, attempt) VALUES (?, ?, 1) ON CONFLICT (path) DO UPDATE
            SET stamp = excluded.stamp, job = NULL, row = NULL WHERE stamp <> excluded.stamp
        """
        self._database.execute("BEGIN")
        self._database.executemany(statement, files)
        self._database.execute("COMMIT")

    def retry_failures(self) -> None:
        """Take back what failed, so that it is sent anew."""
        self._database.execute("UPDATE files SET attempt = attempt + 1, job = NULL, row = NULL WHERE failed")

    def unsent(self) -> list[Entry]:
        """Return the documents that have not been accepted, in the order of their paths."""
        rows = self._database.execute("SELECT path, attempt FROM files WHERE job IS NULL AND row IS NULL ORDER BY path")
        return [Entry(*row) for row in rows]

    def accepted(self, path: str, job: str) -> None:
        """Note that a document is a job now."""
        self._database.execute("UPDATE files SET job = ? WHERE path = ?", (job, path))

    def path_of(self, job: str) -> str | None:
        """Return whose job it is; None if no document's, or not known yet."""
        found = self._database.execute("SELECT path FROM files WHERE job = ?", (job,)).fetchone()
        return None if found is None else str(found[0])

    def settled(self, path: str, row: Row) -> None:
        """Note how a document ended."""
        self._database.execute("UPDATE files SET row = ? WHERE path = ?", (json.dumps(row), path))

    def open_jobs(self) -> list[tuple[str, str]]:
        """Return path and job of every document that was accepted and has not ended, as far as is known here."""
        rows = self._database.execute("SELECT path, job FROM files WHERE job IS NOT NULL AND row IS NULL")
        return [(str(path), str(job)) for path, job in rows]

    def rows(self) -> Iterator[tuple[str, Row]]:
        """Yield every document that has ended with what is known of it, in the order of their paths."""
        for path, row in self._database.execute("SELECT path, row FROM files WHERE row IS NOT NULL ORDER BY path"):
            yield str(path), json.loads(row)

    def tally(self) -> Tally:
        """Count."""
        return Tally(*self._one("SELECT count(*), count(job), count(row), count(nullif(failed, 0)) FROM files"))

    def _one(self, statement: str, *parameters: str) -> tuple[Any, ...]:
        row: tuple[Any, ...] = self._database.execute(statement, parameters).fetchone()
        return row
