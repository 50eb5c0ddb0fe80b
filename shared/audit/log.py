"""The audit log: who asked for what, when, and how it went. Never a document, a portrait, a file's name or an address.

One JSON object a line, appended to a file that nothing here ever shortens. To rotate it, rename it: a new one is
begun. The caller and the request's name come from the context that they were bound to. How a job ended is noted in
Redis first, by the script that ends it, and written by the reaper: so it is there for each, whichever process died.
"""

import logging
import os
import sys
from collections.abc import Mapping
from datetime import datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from shared.jobs import End
from shared.logs import get_logger, reason
from shared.settings import Settings

STANDARD_ERROR = "-"

_CONTEXT = ("caller", "request_id", "job_id", "kind")
"""What is taken from the context, beside what is recorded itself."""

_sink = logging.getLogger("nsfas.audit")
_sink.propagate = False


class _Appender(WatchedFileHandler):
    """A file that others may rotate; what cannot be written to it goes to standard error rather than be lost."""

    def _open(self) -> Any:  # noqa: ANN401 - the library's own type is narrower than what it uses
        """Open the file anew, and to nobody else if it is new."""
        return open(self.baseFilename, self.mode, encoding="utf-8", opener=_privately)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        sys.stderr.write(self.format(record) + "\n")


def configure(settings: Settings) -> None:
    """Open the log that the settings name, and close the one before it.

    Where it cannot be written, the log goes to standard error, and a warning says so.
    """
    close()
    _sink.handlers = [_handler(settings)]
    _sink.setLevel(logging.INFO)


def log_path(settings: Settings) -> Path | None:
    """Return the file that the settings name; None if the log goes to standard error."""
    if settings.audit_log == STANDARD_ERROR:
        return None
    return Path(settings.audit_log) if settings.audit_log else settings.data_dir / "audit.log"


def close() -> None:
    """Close the log: for a process that was forked from one which writes it, and must not reach it."""
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
        get_logger(__name__).warning("audit log goes to standard error", error=reason(error))
        return logging.StreamHandler()


def _privately(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _of_context(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    known = structlog.contextvars.get_contextvars()
    return {**{name: known[name] for name in _CONTEXT if known.get(name) is not None}, **event}


_log: structlog.stdlib.BoundLogger = structlog.wrap_logger(
    _sink,
    processors=[
        _of_context,
        structlog.processors.MaybeTimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.EventRenamer("action"),
        structlog.processors.JSONRenderer(),
    ],
    wrapper_class=structlog.stdlib.BoundLogger,
)


def record(action: str, outcome: str, **what: object) -> None:
    """Append a line; one that cannot be written, since the file cannot be opened again, goes to the log of the process.

    Parameters
    ----------
    action
        ``submit``, ``end``, ``read``, ``send``, ``erase``, ``cancel`` or ``refuse``.
    outcome
        How it went: ``accepted``, ``done``, the state in which a job ended, or a problem's code.
    what
        Names of what it was about: ``job_id``, ``kind``, ``batch``.

    """
    try:
        _append(action, outcome, what)
    except OSError as error:
        # What was asked for has happened, and its client gets the answer.
        get_logger(__name__).error(
            "audit line not written", error=reason(error), action=action, outcome=outcome, **what
        )


def record_end(end: End) -> None:
    """Append how a job ended, and until when its result can be read.

    Raises
    ------
    OSError
        It cannot be written now.

    """
    about = {
        "at": _iso(end.at),
        "job_id": end.job_id,
        "kind": end.kind,
        "caller": end.caller,
        "request_id": end.request_id,
        "batch": end.batch,
        "readable_until": end.readable_until and _iso(end.readable_until),
    }
    _append("end", end.outcome, about)


def _append(action: str, outcome: str, what: Mapping[str, object]) -> None:
    _log.info(action, outcome=outcome, **{name: value for name, value in what.items() if value is not None})


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
