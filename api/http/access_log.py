"""Removes query strings, which can contain options, from the access log that ``uvicorn app:app`` writes."""

import logging

_NAME = "uvicorn.access"


class _WithoutQueries(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        """Remove the query from the path; no other argument of these log lines contains a question mark."""
        if isinstance(record.args, tuple):
            record.args = tuple(part.partition("?")[0] if isinstance(part, str) else part for part in record.args)
        return True


_without_queries = _WithoutQueries()


def omit_query_strings() -> None:
    """Keep options of requests, such as a reference or a callback URL, out of the access log."""
    logging.getLogger(_NAME).addFilter(_without_queries)  # a logger keeps a filter only once
