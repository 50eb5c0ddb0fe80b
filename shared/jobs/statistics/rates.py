"""Counts of the last hour by periods of ten seconds, all in one hash: its fields are ``PERIOD:NAME``."""

BUCKET = 10
"""Seconds of one period, as in ``common.lua``."""

RATES_KEPT = 3720
"""Seconds that a period is kept: the last hour, and two minutes of which the later is not over."""


def rate_field(bucket: int, name: str) -> str:
    """Return the field of a period's count, or of how things stood in it."""
    return f"{bucket}:{name}"
