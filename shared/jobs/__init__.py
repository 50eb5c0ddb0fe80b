"""The job record, the only truth about a job: what it holds, how it changes, and who may change it."""

from shared.jobs.audit_outbox import End, Ends
from shared.jobs.batches import Batch, Batches
from shared.jobs.cleanup import Cleaning
from shared.jobs.execution import Execution
from shared.jobs.record import Failure, Job, Request, Target, scoped, unscoped
from shared.jobs.recovery import Recovery
from shared.jobs.redis_keys import Keys
from shared.jobs.repository import Allowance, Intake, Key, Outcome, Submission, Usage
from shared.jobs.statistics.history import note_load, read_history
from shared.jobs.statistics.load import Load
from shared.jobs.statistics.totals import Totals
from shared.jobs.statistics.workers import Workers
from shared.jobs.webhooks import Callback, Callbacks

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
