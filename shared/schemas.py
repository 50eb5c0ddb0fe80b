"""Schemas of requests and responses, except the results of jobs (``shared.job_kinds``)."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import AfterValidator, Field, TypeAdapter, WithJsonSchema, create_model
from typing_extensions import TypeAliasType

from shared.formats import FormatName
from shared.job_kinds import declaration
from shared.job_kinds.declaration import Schema
from shared.job_kinds.registry import KINDS, find_kind


class ProblemDocument(Schema):
    """An error (RFC 9457, ``application/problem+json``)."""

    success: Literal[False] = False
    type: str = "about:blank"
    title: str
    status: int
    code: str = Field(description="Stable; what programs go by.")
    detail: str = Field(description="What to do, for people.")
    field: str | None = Field(None, description="The form field at fault, where there is one.")
    request_id: str | None = Field(None, description="Where the service is at fault: what its logs call the request.")


def _declared(name: str) -> str:
    if find_kind(name) is None:
        raise ValueError("no such kind of job")
    return name


_KIND_SCHEMA = {
    "type": "string",
    "title": "JobKind",
    "description": "The kind of a job.",
    "enum": [kind.name for kind in KINDS],
}
JobKind = TypeAliasType("JobKind", Annotated[str, AfterValidator(_declared), WithJsonSchema(_KIND_SCHEMA)])
"""Name of a declared kind. As an alias it is a schema of its own in the OpenAPI description, like an enumeration."""

if TYPE_CHECKING:
    Result = Schema
else:
    Result = Union[tuple(kind.result for kind in KINDS)]  # noqa: UP007 - the members are not known here


class JobStatus(StrEnum):
    """Where a job is; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        return self in {JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED}


class CallbackState(StrEnum):
    """How far the announcement of a job's end has come."""

    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


class CallbackView(Schema):
    """The announcement of a job's end."""

    state: CallbackState
    attempts: int = Field(description="Attempts so far; there are more, with growing pauses, for 24 hours.")


class QueuePlace(Schema):
    """Where a waiting job stands."""

    ahead: int = Field(ge=0, description="Jobs that will be started before it.")
    estimated_wait: float | None = Field(
        ge=0, description="Seconds until it is started, at the rate of the last minute; null if nothing ended in it."
    )


class JobView(Schema):
    """A job as clients see it."""

    id: str
    kind: JobKind
    status: JobStatus
    batch: str | None = Field(None, description="The group named at submission.")
    reference: str | None = Field(None, description="The client's own name for it, given at submission.")
    place: QueuePlace | None = Field(None, description="While queued.")
    callback: CallbackView | None = Field(None, description="Where a `callback_url` was given.")
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    attempts: int
    result: Result | None = Field(
        None, description="Once succeeded: the body that the synchronous endpoint answers with."
    )
    error: ProblemDocument | None = Field(None, description="Once failed: the synchronous endpoint's problem.")


def _view_of(kind: declaration.JobKind) -> type[JobView]:
    fields: dict[str, Any] = {"kind": (Literal[kind.name], ...), "result": (kind.result | None, None)}
    return create_model(f"{kind.result.__name__}Job", __base__=JobView, **fields)


if TYPE_CHECKING:
    AnyJob = JobView
else:
    AnyJob = Annotated[Union[tuple(map(_view_of, KINDS))], Field(discriminator="kind")]  # noqa: UP007 - as above

ANY_JOB: TypeAdapter[JobView] = TypeAdapter(AnyJob)
"""A job of any kind: a union with ``kind`` as its discriminator, which decides the schema of the result.

Results have no field for it themselves, so ``JobView`` alone would accept the result of another kind. Its schema in the
OpenAPI description stays one, since generated clients have its name.
"""


class BatchView(Schema):
    """A batch: its jobs by state."""

    name: str
    created_at: datetime
    total: int
    queued: int
    running: int
    succeeded: int
    failed: int
    cancelled: int
    cursor: int = Field(description="Of the job that ended last, as in the results.")
    ended_per_second: float = Field(description="Rate at which the last hundred jobs ended, until now.")
    estimated_end: datetime | None = Field(
        description="When all will have ended, at that rate; null if nothing has ended yet, or everything has."
    )


class BatchResult(JobView):
    """A line of a batch's results: a job that ended."""

    cursor: int = Field(description="Ask with `?since=` this for what ended after it.")


class AcceptedFormat(Schema):
    """A format that files may have; they are recognised by their content."""

    name: FormatName
    label: str = Field(description="Its name, for people.")
    media_types: list[str] = Field(description="The first is the canonical one.")
    suffixes: list[str] = Field(description="With which the names of such files usually end, in lower case.")


class ServiceInfo(Schema):
    """Answer of ``GET /``."""

    name: str
    status: Literal["ok"] = "ok"
    version: str
    docs: str = "/docs"
    formats: list[AcceptedFormat] = Field(description="What this service accepts: see `ACCEPTED_FORMATS`.")


class Health(Schema):
    """Answer of the health checks."""

    status: Literal["live", "accepting", "ready"]


class LoadPoint(Schema):
    """One minute of load, sampled every ten seconds. Values are null where no API process took a sample."""

    at: datetime = Field(description="When the minute began.")
    waiting: dict[str, int] | None = Field(description="Jobs by queue, the most that were seen.")
    running: int | None = Field(description="At its end, as the workers.")
    workers: int | None
    ended: int
    failed: int = Field(description="Of those that ended.")
    mean_wait_seconds: float | None = Field(description="Of the jobs that were started; null if none was.")


class LoadHistory(Schema):
    """Answer of ``GET /stats/history``: the last hour, minute by minute, oldest first."""

    points: list[LoadPoint]


class QueueLoad(Schema):
    """One queue."""

    waiting: int
    oldest_seconds: float = Field(description="Age of the job that has waited longest; 0 for an empty queue.")


class SystemLoad(Schema):
    """Answer of ``GET /stats``; the last minute is the last six whole tens of seconds."""

    queues: dict[str, QueueLoad]
    running: int
    postponed: int = Field(description="Jobs put off for some seconds because the object store failed.")
    workers: int = Field(description="Workers that have said within the last 30 s that they consume.")
    workers_unconfined: int = Field(
        description="Workers among these whose kernel or settings leave the processes that read documents unconfined."
    )
    callbacks_pending: int = Field(description="Receivers that are still to be told of a job's end.")
    requests_waiting: int = Field(description="Requests that wait for a job, in the process that answers.")
    max_open_jobs: int
    ended_last_minute: int
    ended_per_second: float
    mean_wait_seconds: float = Field(description="Of the jobs that were started in the last minute.")
