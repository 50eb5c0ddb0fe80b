"""The audit log: who did what with a job, when, and with which outcome; see :mod:`shared.audit.log`."""

from shared.audit.log import append, close, configure, record

__all__ = ["append", "close", "configure", "record"]
