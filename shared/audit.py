"""The audit log: who asked for what, when, and how it went. Never a document, a portrait, a file's name or an address.

One JSON object a line, appended to a file that nothing here ever shortens or reads; whoever rotates it renames it, and
a new one is begun. The caller and the request's name come from the context that they were bound to.
"""

import logging
import os
import sys
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

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
    for handler in _sink.handlers:
        handler.close()
    _sink.handlers = [_handler(settings)]
    _sink.setLevel(logging.INFO)


def _handler(settings: Settings) -> logging.Handler:
    if settings.audit_log == STANDARD_ERROR:
        return logging.StreamHandler()
    path = Path(settings.audit_log) if settings.audit_log else settings.data_dir / "audit.log"
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
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.EventRenamer("action"),
        structlog.processors.JSONRenderer(),
    ],
    wrapper_class=structlog.stdlib.BoundLogger,
)


def record(action: str, outcome: str, **what: object) -> None:
    """Append a line.

    Parameters
    ----------
    action
        ``submit``, ``end``, ``read``, ``erase``, ``cancel`` or ``refuse``.
    outcome
        How it went: ``accepted``, ``done``, the state in which a job ended, or a problem's code.
    what
        Names of what it was about: ``job_id``, ``kind``, ``batch``.

    """
    _log.info(action, outcome=outcome, **{name: value for name, value in what.items() if value is not None})
