"""The job record, the only truth about a job: what it holds, how it changes, and who may change it."""

from shared.jobs.batches import Batch, Batches
from shared.jobs.callbacks import Callback, Callbacks
from shared.jobs.cleaning import Cleaning
from shared.jobs.ends import End, Ends
from shared.jobs.execution import Execution
from shared.jobs.history import note_load, read_history
from shared.jobs.intake import Allowance, Intake, Key, Outcome, Submission, Usage
from shared.jobs.keys import Keys
from shared.jobs.load import Load
from shared.jobs.record import Failure, Job, Request, Target, scoped, unscoped
from shared.jobs.recovery import Recovery
from shared.jobs.totals import Totals
from shared.jobs.workers import Workers

__all__ = [
    "Allowance",
    "Batch",
    "Batches",
    "Callback",
    "Callbacks",
    "Cleaning",
    "End",
    "Ends",
    "Execution",
    "Failure",
    "Intake",
    "Job",
    "Key",
    "Keys",
    "Load",
    "Outcome",
    "Recovery",
    "Request",
    "Submission",
    "Target",
    "Totals",
    "Usage",
    "Workers",
    "note_load",
    "read_history",
    "scoped",
    "unscoped",
]
