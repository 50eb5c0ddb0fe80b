"""The state machine: each transition one Lua script, so that it happens wholly, once, or not at all.

States are ``queued -> running -> succeeded | failed``, ``running -> queued`` when a lease runs out or the object store
fails, and ``cancelled`` from either of the first two. A script that finds a job in another state than the one it leaves
changes nothing and says so; a script that is sent twice, because the answer to the first was lost with the connection,
answers the same again.

Keys
----
``job:ID``
    The record. ``job.token`` names the attempt that may end it; it begins with the name of the message that woke it.
``jobs:queued:QUEUE``, ``jobs:running``, ``jobs:postponed``
    Ids by the time they were accepted; by the time their lease runs out; by the time they may be tried again.
``jobs:held``
    By holder, the id of the job that it is at.
``jobs:passed``
    Interactive jobs started since the last bulk job, while bulk jobs wait.
``batch:NAME``, ``batch:NAME:queued``, ``batch:NAME:ended``
    A batch's tally by state; its waiting ids; its ended ids in the order of ending.
``idempotency:KEY``
    Fingerprint of the request and id of the job that it was answered with.
``callbacks:due``, ``callback:ID``
    Whose receiver is to be told, by the time of the next attempt; and what to tell.
``blobs:expiring``
    Paths in the object store by the time they are to be removed.
``totals``
    Counts since ever, see :class:`shared.jobs.totals.Totals`.
``rate:N``
    What happened in the N-th ten seconds: a hash of ``started``, ``waited`` (seconds, summed), ``ended`` and, of these,
    ``failed``. And how it stood, as the API saw it: ``waiting:QUEUE``, ``running`` and ``workers``.
"""

from importlib.resources import files

JOB = "job:"
QUEUED = "jobs:queued:"
RUNNING = "jobs:running"
POSTPONED = "jobs:postponed"
EXPIRING = "blobs:expiring"
BATCH = "batch:"
CALLBACKS = "callbacks:due"
CALLBACK = "callback:"
TOTALS = "totals"

ENDED = "jobs:ended"
"""Channel on which the id of every job that ends is published."""

MOVED = "jobs:moved"
"""Channel on which the id of every job that is started, or put back, is published."""

RATE = "rate:"
BUCKET = 10
"""Seconds in one bucket of the rates, as in the scripts."""

RATES_KEPT = 3720
"""Seconds that a bucket is kept, as in the scripts: the last hour, and what of two minutes is not yet over."""


def script(name: str) -> str:
    """Return one of the scripts in ``lua/``, with what they share before it."""
    folder = files("shared.jobs") / "lua"
    return (folder / "prelude.lua").read_text() + (folder / f"{name}.lua").read_text()
