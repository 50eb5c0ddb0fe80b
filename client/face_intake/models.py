"""Jobs, batches, and the service itself. Fields that a newer service adds are passed over."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from face_intake.errors import ApiError, Problem, UnfinishedError
from face_intake.results import Comparison, Extraction, Model

ORIGINAL_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".pdf"})
"""Of the formats that every version of the service accepts."""


class JobKind(StrEnum):
    """What a job does."""

    EXTRACT_FACE = "extract-face"
    COMPARE_FACES = "compare-faces"


class JobStatus(StrEnum):
    """Where a job is; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Place(Model):
    """Where a waiting job stands: how many are ahead, and the estimated seconds until it is started."""

    ahead: int
    estimated_wait: float | None


class Callback(Model):
    """How far the announcement of a job's end has come."""

    state: Literal["pending", "delivered", "given_up"]
    attempts: int


class Job(Model):
    """A job: once it has ended with its result, or its error."""

    id: str
    kind: JobKind
    status: JobStatus
    batch: str | None = None
    reference: str | None = None
    place: Place | None = None
    callback: Callback | None = None
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    attempts: int
    result: Extraction | Comparison | None = None
    error: Problem | None = None

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self.status in {JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED}

    @property
    def extraction(self) -> Extraction:
        """Its result.

        Raises
        ------
        ApiError
            It failed: the class of its code.
        UnfinishedError
            It has not ended.
        TypeError
            It is a comparison.

        """
        if not isinstance(result := self._outcome(), Extraction):
            raise TypeError("the job is a comparison")
        return result

    @property
    def comparison(self) -> Comparison:
        """Its result; raises as :attr:`extraction` does."""
        if not isinstance(result := self._outcome(), Comparison):
            raise TypeError("the job is an extraction")
        return result

    def _outcome(self) -> Extraction | Comparison:
        if self.error is not None:
            raise ApiError.of(self.error)
        if self.result is None:
            raise UnfinishedError(f"job {self.id} is {self.status}")
        return self.result


class BatchResult(Job):
    """A job of a batch that ended; ask with ``since=cursor`` for what ended after it."""

    cursor: int


class Batch(Model):
    """A batch: its jobs by state, the rate at which they end, and when all will have."""

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
        """Jobs that have not ended."""
        return self.queued + self.running


class Format(Model):
    """A format that files may have: its name in the service's settings, and its name for people.

    ``suffixes`` are in lower case, with their dot.
    """

    name: str
    label: str
    media_types: list[str]
    suffixes: list[str]


class Info(Model):
    """What the service is, and the formats that it accepts; none from a service that is older than this field."""

    name: str
    status: str
    version: str
    formats: list[Format] = Field(default_factory=list)

    @property
    def suffixes(self) -> frozenset[str]:
        """Suffixes of the files that it accepts; of a service without ``formats``, those of JPEG, PNG and PDF."""
        return frozenset(suffix for each in self.formats for suffix in each.suffixes) or ORIGINAL_SUFFIXES


class QueueLoad(Model):
    """One queue."""

    waiting: int
    oldest_seconds: float


class Load(Model):
    """How loaded the service is."""

    queues: dict[str, QueueLoad]
    running: int
    postponed: int
    workers: int
    workers_unconfined: int | None = None
    """Of these, those that do not confine the processes that read documents; None from older services."""

    callbacks_pending: int
    requests_waiting: int
    max_open_jobs: int
    ended_last_minute: int
    ended_per_second: float
    mean_wait_seconds: float
