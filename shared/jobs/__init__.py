"""The job record, the only truth about a job: what it holds, how it changes, and who may change it."""

from shared.jobs.execution import Execution
from shared.jobs.intake import Intake
from shared.jobs.load import Load
from shared.jobs.record import Failure, Job

__all__ = ["Execution", "Failure", "Intake", "Job", "Load"]
