"""The audit log: who asked for what, when, and how it went; see :mod:`shared.audit.log`."""

from shared.audit.log import close, configure, record, record_end

__all__ = ["close", "configure", "record", "record_end"]
