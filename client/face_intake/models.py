"""Models of jobs, batches and the service.

Unknown fields of a newer service are ignored. A job of a kind that this version does not know keeps its result as JSON.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from face_intake.errors import ApiError, Problem, UnfinishedError
from face_intake.results import Comparison, Extraction, Model

ORIGINAL_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".pdf"})
"""Suffixes of the formats that every version of the service accepts."""


class JobKind(StrEnum):
    """What a job does."""

    EXTRACT_FACE = "extract-face"
    COMPARE_FACES = "compare-faces"


class JobStatus(StrEnum):
    """Status of a job. The last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Place(Model):
    """Position of a queued job: the number of jobs ahead, and the estimated seconds until it starts."""

    ahead: int
    estimated_wait: float | None


class Callback(Model):
    """State of the webhook that announces the end of a job."""

    state: Literal["pending", "delivered", "given_up"]
    attempts: int


class Job(Model):
    """A job. It has a result or an error once it has ended.

    The result of a kind that this version does not know is a dictionary.
    """

    id: str
    kind: Annotated[JobKind | str, Field(union_mode="left_to_right")]
    status: JobStatus
    batch: str | None = None
    reference: str | None = None
    place: Place | None = None
    callback: Callback | None = None
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    attempts: int
    result: Annotated[Extraction | Comparison | dict[str, Any] | None, Field(union_mode="left_to_right")] = None
    error: Problem | None = None

    @property
    def ended(self) -> bool:
        """Whether the job has ended."""
        return self.status in {JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED}

    @property
    def extraction(self) -> Extraction:
        """The result of the job.

        Raises
        ------
        ApiError
            The job failed. The class depends on its code.
        UnfinishedError
            The job has not ended.
        TypeError
            The job is not an extraction.

        """
        if not isinstance(result := self._outcome(), Extraction):
            raise TypeError(f"the job is not an extraction: {self.kind}")
        return result

    @property
    def comparison(self) -> Comparison:
        """The result of the job. Raises the same errors as :attr:`extraction`."""
        if not isinstance(result := self._outcome(), Comparison):
            raise TypeError(f"the job is not a comparison: {self.kind}")
        return result

    def _outcome(self) -> Extraction | Comparison | dict[str, Any]:
        if self.error is not None:
            raise ApiError.of(self.error)
        if self.result is None:
            raise UnfinishedError(f"job {self.id} is {self.status}")
        return self.result


class BatchResult(Job):
    """An ended job of a batch. ``since=cursor`` returns the jobs that ended after it."""

    cursor: int


class Batch(Model):
    """A batch: its jobs by status, the rate at which they end, and the estimated end of the batch."""

    name: str
    created_at: datetime
    total: int
    queued: int
    running: int
    succeeded: int
    failed: int
    cancelled: int
    cursor: int
    ended_per_second: float
    estimated_end: datetime | None

    @property
    def open(self) -> int:
        """Number of jobs that have not ended."""
        return self.queued + self.running


class Format(Model):
    """A file format: its name in the service's settings, and its label for people.

    ``suffixes`` are in lower case and include the dot.
    """

    name: str
    label: str
    media_types: list[str]
    suffixes: list[str]


class Info(Model):
    """The service and the files that it accepts.

    ``formats`` is empty, and ``max_upload_bytes`` is None, if the service is older than the field.
    """

    name: str
    status: str
    version: str
    formats: list[Format] = Field(default_factory=list)
    max_upload_bytes: int | None = None

    @property
    def suffixes(self) -> frozenset[str]:
        """Suffixes of the accepted files. Without ``formats``, the suffixes of JPEG, PNG and PDF."""
        return frozenset(suffix for each in self.formats for suffix in each.suffixes) or ORIGINAL_SUFFIXES


class QueueLoad(Model):
    """Load of one queue."""

    waiting: int
    oldest_seconds: float


class RedisServer(Model):
    """The Redis or Valkey server of the service."""

    product: str
    version: str
    started_at: datetime
    role: str
    sentinel_primary: str | None
    replicas: int
    clients: int
    used_memory_bytes: int
    max_memory_bytes: int | None
    eviction_policy: str
    append_only_file: bool
    append_ok: bool | None
    snapshot_at: datetime
    snapshot_ok: bool
    ping_milliseconds: float


class RunningJob(Model):
    """A job that a worker runs."""

    id: str | None
    kind: str
    started_at: datetime
    attempt: int


class Worker(Model):
    """A worker, with its state ``running``, ``lost`` or ``stopping``."""

    name: str
    host: str
    state: str
    last_heartbeat_at: datetime | None
    started_at: datetime | None
    queues: list[str] | None
    processes: int | None
    sandboxed: bool
    jobs: list[RunningJob]


class FailedJob(Model):
    """A job that failed."""

    id: str | None
    kind: str
    at: datetime
    worker: str | None


class Failures(Model):
    """The failures of the last 24 hours with one error code."""

    code: str
    title: str
    cause: str | None = None
    last_ten_minutes: int
    last_hour: int
    jobs: list[FailedJob]


class Load(Model):
    """Load of the service. What an older service does not report is None or empty."""

    queues: dict[str, QueueLoad]
    running: int
    postponed: int
    workers: int
    workers_unconfined: int | None = None
    """Number of workers whose decoder sandbox is incomplete; None from older services."""

    callbacks_pending: int
    requests_waiting: int
    max_open_jobs: int
    ended_last_minute: int
    ended_per_second: float
    mean_wait_seconds: float
    as_of: datetime | None = None
    redis: RedisServer | None = None
    worker_list: list[Worker] = Field(default_factory=list)
    failures: list[Failures] = Field(default_factory=list)
    grafana_url: str | None = None
