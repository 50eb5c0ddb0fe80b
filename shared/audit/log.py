"""The audit log: who did what with a job, when, and with which outcome.

It never contains documents, portraits, file names or addresses of callbacks. Each entry is one JSON object on a line,
appended to a file that this module never truncates. To rotate the file, rename it: a new one is created. The caller and
the request id are taken from the logging context.

The end of a job is first recorded in Redis, by the script that ends the job, and written here by the reaper. So no
end is missing from the log, even if a process dies.
"""

import json
import logging
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any

from structlog.contextvars import get_contextvars

from shared.logs import get_logger, reason
from shared.settings import Settings

STANDARD_ERROR = "-"

_CONTEXT = ("caller", "request_id", "job_id", "kind")
"""Names of the fields that are taken from the logging context."""

_sink = logging.getLogger("nsfas.audit")
_sink.propagate = False


class _Appender(WatchedFileHandler):
    """A file that may be rotated by renaming. Entries that cannot be written to it go to standard error."""

    def _open(self) -> Any:  # noqa: ANN401 - the library's type is too narrow
        """Open the file; a new file is readable by its owner only."""
        return open(self.baseFilename, self.mode, encoding="utf-8", opener=_open_private)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        sys.stderr.write(self.format(record) + "\n")


def configure(settings: Settings) -> None:
    """Open the log that the settings name, and close the previous one.

    If the file cannot be written, the log goes to standard error and a warning is logged.
    """
    close()
    _sink.handlers = [_handler(settings)]
    _sink.setLevel(logging.INFO)


def log_path(settings: Settings) -> Path | None:
    """Return the path of the log; None if it goes to standard error."""
    if settings.audit_log == STANDARD_ERROR:
        return None
    return Path(settings.audit_log) if settings.audit_log else settings.data_dir / "audit.log"


def close() -> None:
    """Close the log. A forked process that must not write to the log of its parent calls this."""
    for handler in _sink.handlers:
        handler.close()
    _sink.handlers = []


def _handler(settings: Settings) -> logging.Handler:
    path = log_path(settings)
    if path is None:
        return logging.StreamHandler()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _Appender(path)
    except OSError as error:
        get_logger(__name__).warning("audit log cannot be opened, writing to standard error", error=reason(error))
        return logging.StreamHandler()


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def record(action: str, outcome: str, **fields: object) -> None:
    """Append an entry about something that has just happened. An entry that cannot be written goes to the process log.

    Parameters
    ----------
    action
        ``submit``, ``end``, ``read``, ``send``, ``erase``, ``cancel`` or ``refuse``.
    outcome
        ``accepted``, ``done``, the final status of a job, or an error code.
    fields
        Further fields, such as ``job_id``, ``kind`` or ``batch``.

    """
    try:
        append(action, outcome, fields)
    except OSError as error:
        # The action itself succeeded, so the request must not fail.
        get_logger(__name__).error(
            "audit log entry not written", error=reason(error), action=action, outcome=outcome, **fields
        )


def append(action: str, outcome: str, fields: Mapping[str, object]) -> None:
    """Append an entry; fields that are None are left out.

    Raises
    ------
    OSError
        The log cannot be written now.

    """
    context = get_contextvars()
    known = {name: context[name] for name in _CONTEXT if context.get(name) is not None}
    entry = {**known, "outcome": outcome, **{name: value for name, value in fields.items() if value is not None}}
    entry.setdefault("at", datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"))
    entry["action"] = action
    # Not through the methods of the logger: they search the stack for the caller's line, which no entry contains.
    _sink.handle(logging.makeLogRecord({"msg": json.dumps(entry, default=repr), "levelno": logging.INFO}))
