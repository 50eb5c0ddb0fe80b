"""uvicorn's access log, which ``uvicorn app:app`` writes: without query strings, since options may be in them."""

import logging

_NAME = "uvicorn.access"


class _WithoutQueries(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten a path to what is before its query; nothing else that uvicorn logs has a question mark."""
        if isinstance(record.args, tuple):
            record.args = tuple(part.partition("?")[0] if isinstance(part, str) else part for part in record.args)
        return True


_without_queries = _WithoutQueries()


def omit_options() -> None:
    """Keep the options of requests (a reference, a callback's address) out of the access log."""
    logging.getLogger(_NAME).addFilter(_without_queries)  # once: a logger has a filter only once
