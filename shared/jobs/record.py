"""The record of a job in Redis: a hash of strings of a few hundred bytes, never a document."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

from shared.blobs import BlobRef
from shared.job_kinds.options import Options
from shared.job_kinds.registry import find_kind
from shared.schemas import CallbackState, JobStatus


@dataclass(frozen=True, slots=True)
class Failure:
    """The reason of a failure: a code of ``shared.errors`` and, where it applies, the form field."""

    code: str
    field: str | None = None

    def dump(self) -> str:
        return json.dumps([self.code, self.field])

    @classmethod
    def parse(cls, text: str) -> Self:
        return cls(*json.loads(text))


CANCELLED = Failure("cancelled").dump()


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """The URL that is notified of the end of a job, and whether the notification contains the portrait."""

    url: str
    with_image: bool

    def dump(self) -> str:
        return json.dumps([self.url, self.with_image])

    @classmethod
    def parse(cls, text: str) -> Self:
        return cls(*json.loads(text))


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job that a client submits.

    Attributes
    ----------
    kind
        Name of its kind.
    inputs
        Documents by form field.
    options
        Options of its kind.
    batch
        Batch that the job belongs to.
    reference
        Name that the client gave to the job.
    callback
        Receiver of the webhook.
    request_id, trace
        Ids of the HTTP request in logs and in traces (W3C ``traceparent``).
    owner
        Name of the API key that owns the job; None when authentication is disabled.

    """

    kind: str
    queue: str
    inputs: Mapping[str, BlobRef]
    options: Options = field(default_factory=Options)
    batch: str | None = None
    reference: str | None = None
    callback: WebhookTarget | None = None
    request_id: str | None = None
    trace: str | None = None
    owner: str | None = None

    def dump(self) -> list[str]:
        """Return the fields of the record as a flat list of names and values."""
        inputs = {name: ref.dump() for name, ref in self.inputs.items()}
        fields = {
            "kind": self.kind,
            "inputs": json.dumps(inputs, separators=(",", ":")),
            **self.options.dump(),
            "batch": self.batch,
            "reference": self.reference,
            "callback": None if self.callback is None else self.callback.dump(),
            "request_id": self.request_id,
            "trace": self.trace,
            "owner": self.owner,
        }
        return [part for name, value in fields.items() if value is not None for part in (name, value)]


@dataclass(frozen=True, slots=True)
class Job:
    """A snapshot of the record of a job.

    Attributes
    ----------
    kind
        Name of its kind.
    inputs
        Documents by form field; empty once the job has ended.
    options
        Options of its kind; without any if this version does not have its kind.
    result
        Reference to the result (JSON) of a job that has succeeded.
    failure
        Reason of a job that has failed.
    callback_state, callback_attempts
        State of the webhook, and attempts so far.
    request_id, trace
        Ids of the HTTP request that created the job.
    owner
        Name of the API key that owns the job.

    """

    id: str
    kind: str
    queue: str
    status: JobStatus
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    attempts: int
    inputs: Mapping[str, BlobRef] = field(repr=False)
    options: Options
    batch: str | None
    reference: str | None = field(repr=False)
    result: BlobRef | None = field(repr=False)
    failure: Failure | None
    callback: WebhookTarget | None
    callback_state: CallbackState
    callback_attempts: int
    request_id: str | None
    trace: str | None
    owner: str | None

    @classmethod
    def parse(cls, fields: Mapping[str, str]) -> Self:
        """Read the hash of a record."""
        inputs: dict[str, str] = json.loads(fields.get("inputs", "{}"))
        kind = find_kind(fields["kind"])
        return cls(
            id=fields["id"],
            kind=fields["kind"],
            queue=fields["queue"],
            status=JobStatus(fields["status"]),
            created_at=parse_time(fields["created_at"]),
            started_at=parse_time(fields["started_at"]) if "started_at" in fields else None,
            finished_at=parse_time(fields["finished_at"]) if "finished_at" in fields else None,
            attempts=int(fields["attempts"]),
            inputs={name: BlobRef.parse(text) for name, text in inputs.items()},
            options=kind.options.load(fields) if kind else Options(),
            batch=fields.get("batch"),
            reference=fields.get("reference"),
            result=BlobRef.parse(fields["result"]) if "result" in fields else None,
            failure=Failure.parse(fields["failure"]) if "failure" in fields else None,
            callback=WebhookTarget.parse(fields["callback"]) if "callback" in fields else None,
            callback_state=CallbackState(fields.get("callback_state", "pending")),
            callback_attempts=int(fields.get("callback_attempts", 0)),
            request_id=fields.get("request_id"),
            trace=fields.get("trace"),
            owner=fields.get("owner"),
        )


def with_owner(owner: str | None, name: str) -> str:
    """Return a name with its owner, so that the names of different owners never collide."""
    return name if owner is None else f"{owner}/{name}"


def without_owner(name: str) -> str:
    """Return a name without its owner, as its owner knows it."""
    return name.rpartition("/")[2]


def parse_pairs(flat: list[str]) -> dict[str, str]:
    """Turn a flat list of names and values, as scripts return it, into a mapping."""
    return dict(zip(flat[::2], flat[1::2], strict=True))


def parse_time(seconds: str) -> datetime:
    """Read a time as Redis stores it; in UTC."""
    return datetime.fromtimestamp(float(seconds), UTC)
