"""The job record, the only truth about a job: what it holds, how it changes, and who may change it."""

from shared.jobs.batches import Batch, Batches
from shared.jobs.callbacks import Callback, Callbacks
from shared.jobs.execution import Execution
from shared.jobs.history import note_load, read_history
from shared.jobs.intake import Intake, Key, Outcome, Submission
from shared.jobs.load import Load
from shared.jobs.record import Failure, Job, Request, Target, scoped, unscoped
from shared.jobs.recovery import Recovery
from shared.jobs.totals import Totals

__all__ = [
    "Batch",
    "Batches",
    "Callback",
    "Callbacks",
    "Execution",
    "Failure",
    "Intake",
    "Job",
    "Key",
    "Load",
    "Outcome",
    "Recovery",
    "Request",
    "Submission",
    "Target",
    "Totals",
    "note_load",
    "read_history",
    "scoped",
    "unscoped",
]
