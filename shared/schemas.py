"""Schemas of requests and responses, except the results of jobs (``shared.job_kinds``)."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import Field, TypeAdapter, WithJsonSchema, create_model
from typing_extensions import TypeAliasType

from shared.formats import FormatName
from shared.job_kinds import declaration
from shared.job_kinds.declaration import Schema
from shared.job_kinds.registry import KINDS


class ProblemDocument(Schema):
    """An error (RFC 9457, ``application/problem+json``)."""

    success: Literal[False] = False
    type: str = "about:blank"
    title: str
    status: int
    code: str = Field(description="Error code for programs. It does not change.")
    detail: str = Field(description="For people: what to do next.")
    field: str | None = Field(None, description="The form field that causes the error, if there is one.")
    request_id: str | None = Field(None, description="For errors of the service: the id of the request in its logs.")


_KIND_SCHEMA = {
    "type": "string",
    "title": "JobKind",
    "description": "The kind of a job.",
    "enum": [kind.name for kind in KINDS],
}
JobKind = TypeAliasType("JobKind", Annotated[str, WithJsonSchema(_KIND_SCHEMA)])
"""Name of a kind. As an alias it is a schema of its own in the OpenAPI description, like an enumeration.

Other names are valid here: a newer version may have created the job. ``ANY_JOB`` accepts declared kinds only.
"""

if TYPE_CHECKING:
    Result = Schema
else:
    Result = Union[tuple(kind.result for kind in KINDS)]  # noqa: UP007 - the members are not known here


class JobStatus(StrEnum):
    """The state of a job. The last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        return self in {JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED}


class CallbackState(StrEnum):
    """The state of a webhook."""

    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


class CallbackView(Schema):
    """The webhook that reports the end of a job."""

    state: CallbackState
    attempts: int = Field(description="Attempts so far. They continue for 24 hours, with longer and longer pauses.")


class QueuePlace(Schema):
    """The place of a queued job."""

    ahead: int = Field(ge=0, description="Number of jobs that will start before it.")
    estimated_wait: float | None = Field(
        ge=0,
        description="Seconds until it starts, at the rate of the last minute; null if the workers were not busy in it.",
    )


class JobView(Schema):
    """A job as clients see it."""

    id: str
    kind: JobKind
    status: JobStatus
    batch: str | None = Field(None, description="The batch named at submission.")
    reference: str | None = Field(None, description="The client's own name for the job, given at submission.")
    place: QueuePlace | None = Field(None, description="While the job is queued.")
    callback: CallbackView | None = Field(None, description="If a `callback_url` was given.")
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    attempts: int
    result: Result | None = Field(
        None, description="Of a job that succeeded: the body that the synchronous operation returns."
    )
    error: ProblemDocument | None = Field(
        None, description="Of a job that failed: the error that the synchronous operation returns."
    )


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
    """A batch, with the number of jobs in each state."""

    name: str
    created_at: datetime
    total: int
    queued: int
    running: int
    succeeded: int
    failed: int
    cancelled: int
    cursor: int = Field(description="Cursor of the job that ended last, as in the results.")
    ended_per_second: float = Field(description="Rate at which the last 100 jobs ended, until now.")
    estimated_end: datetime | None = Field(
        description="Time at which all jobs will have ended, at this rate; null if none or all have ended."
    )


class BatchResult(JobView):
    """A line of the results of a batch: a job that ended."""

    cursor: int = Field(description="Request the results with `?since=` this value to get the jobs that ended later.")


class AcceptedFormat(Schema):
    """An accepted format. Files are recognised by their content."""

    name: FormatName
    label: str = Field(description="Name for people.")
    media_types: list[str] = Field(description="The first is the canonical one.")
    suffixes: list[str] = Field(description="Usual file name extensions, in lower case.")


class ServiceInfo(Schema):
    """Response of ``GET /``."""

    name: str
    status: Literal["ok"] = "ok"
    version: str
    docs: str = "/docs"
    formats: list[AcceptedFormat] = Field(
        description="The formats that this service accepts (setting `ACCEPTED_FORMATS`)."
    )
    max_upload_bytes: int = Field(description="Largest file accepted, in bytes (setting `MAX_UPLOAD_BYTES`).")


class Health(Schema):
    """Response of the health checks."""

    status: Literal["live", "accepting", "ready"]
