"""Structured logging to standard error, the same in all processes."""

import logging
import sys

import structlog

from shared.settings import Settings

# These loggers report each request, task or connection, which our own log lines already do. At DEBUG, urllib3 would
# also log the URLs of webhook receivers.
_CHATTY = ("uvicorn.access", "celery.worker.strategy", "celery.app.trace", "kombu", "amqp", "urllib3")


def configure(settings: Settings) -> None:
    """Format the records of the standard library and of structlog with one formatter."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,  # first, so that a line below LOG_LEVEL costs nothing
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    last: list[structlog.types.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if settings.log_format == "json"
        else [
            # Other formatters would print the values of variables, which can be documents.
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        ]
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def reason(error: Exception) -> str:
    """Return an error in one line, since the errors of the object store can be pages long."""
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return a logger that takes fields as keyword arguments."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
