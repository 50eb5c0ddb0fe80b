"""Job records in Redis, the source of truth about jobs: their fields, their states, and who may change them."""

from shared.jobs.audit_outbox import AuditOutbox, JobEnd
from shared.jobs.batches import Batch, Batches
from shared.jobs.cleanup import Cleanup
from shared.jobs.execution import Execution
from shared.jobs.record import Failure, Job, NewJob, WebhookTarget, with_owner, without_owner
from shared.jobs.recovery import Recovery
from shared.jobs.redis_keys import RedisKeys
from shared.jobs.repository import CreateOutcome, CreateResult, IdempotencyKey, JobQuota, JobRepository, QuotaUsage
from shared.jobs.statistics.failures import read_failures
from shared.jobs.statistics.history import read_history, record_load
from shared.jobs.statistics.load import Load
from shared.jobs.statistics.totals import Totals
from shared.jobs.statistics.worker_states import read_workers
from shared.jobs.statistics.workers import WorkerReport, Workers
from shared.jobs.webhooks import WebhookAttempt, Webhooks

__all__ = [
    "AuditOutbox",
    "Batch",
    "Batches",
    "Cleanup",
    "CreateOutcome",
    "CreateResult",
    "Execution",
    "Failure",
    "IdempotencyKey",
    "Job",
    "JobEnd",
    "JobQuota",
    "JobRepository",
    "Load",
    "NewJob",
    "QuotaUsage",
    "Recovery",
    "RedisKeys",
    "Totals",
    "WebhookAttempt",
    "WebhookTarget",
    "Webhooks",
    "WorkerReport",
    "Workers",
    "read_failures",
    "read_history",
    "read_workers",
    "record_load",
    "with_owner",
    "without_owner",
]
