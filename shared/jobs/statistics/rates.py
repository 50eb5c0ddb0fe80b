"""Counts of the last hour by time slices of ten seconds, in one hash with fields ``SLICE:NAME``."""

TIME_SLICE = 10
"""Length of a time slice in seconds, as in ``common.lua``."""

RATES_KEPT = 3720
"""Seconds for which counts are kept: an hour, and two minutes because the current minute is not complete."""


def rate_field(slice_number: int, name: str) -> str:
    """Return the field of a count or sample in a time slice."""
    return f"{slice_number}:{name}"
