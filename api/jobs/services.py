"""The objects that the endpoints work with, created once per process."""

from dataclasses import dataclass

from api.auth.rate_limiter import RateLimiter
from api.http.upload_memory import UploadMemory
from api.jobs.backpressure import Backpressure
from api.jobs.notifications import JobNotifications
from api.jobs.publisher import Publisher
from api.monitoring.load_history import LoadRecorder
from api.monitoring.operations import Operations
from shared.blobs import BlobStore
from shared.jobs import Batches, JobRepository
from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """Access to jobs, batches, documents, limits and load."""

    settings: Settings
    limiter: RateLimiter
    jobs: JobRepository
    batches: Batches
    blobs: BlobStore
    publisher: Publisher
    notifications: JobNotifications
    backpressure: Backpressure
    load_recorder: LoadRecorder
    operations: Operations
    upload_memory: UploadMemory
