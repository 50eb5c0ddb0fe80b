"""Which workers consume: each says so, by name, in a sorted set of times."""

WORKERS = "workers"

WORKER_SILENCE = 30
"""Seconds after which a worker that said nothing counts as gone."""

PULSE_INTERVAL = 5.0
"""Seconds between two signs of life; a few may be lost before the worker counts as gone."""
