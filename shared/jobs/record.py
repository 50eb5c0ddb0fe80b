"""A job's record, as Redis holds it: a hash of strings, a few hundred bytes, never a document."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

from shared.blobs import BlobRef
from shared.schemas import CallbackState, JobKind, JobStatus


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job failed: a code of ``shared.errors``, and the form field at fault where there is one."""

    code: str
    field: str | None = None

    def dump(self) -> str:
        return json.dumps([self.code, self.field])

    @classmethod
    def parse(cls, text: str) -> Self:
        return cls(*json.loads(text))


CANCELLED = Failure("cancelled").dump()


@dataclass(frozen=True, slots=True)
class Target:
    """Where a job's end is announced, and whether with the portrait."""

    url: str
    with_image: bool

    def dump(self) -> str:
        return json.dumps([self.url, self.with_image])

    @classmethod
    def parse(cls, text: str) -> Self:
        return cls(*json.loads(text))


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks for.

    Attributes
    ----------
    inputs
        The documents by form field.
    threshold, false_match_rate
        Distance of decision, or the rate at which it is to be, for a comparison that names one.
    portraits
        Whether a comparison shows both faces.
    pages
        Whether an extraction shows every page.
    batch
        The group that the job belongs to.
    reference
        The client's own name for it.
    callback
        Whom to tell of the job's end.
    request_id, trace
        Names of the HTTP request, in logs and in traces (W3C's ``traceparent``).
    owner
        Name of the API key that it came with, and whose job it is; None where keys are off.

    """

    kind: JobKind
    queue: str
    inputs: Mapping[str, BlobRef]
    threshold: float | None = None
    false_match_rate: float | None = None
    portraits: bool = False
    pages: bool = False
    batch: str | None = None
    reference: str | None = None
    callback: Target | None = None
    request_id: str | None = None
    trace: str | None = None
    owner: str | None = None

    def dump(self) -> list[str]:
        """Return names and values of the record's fields, in turn."""
        inputs = {name: ref.dump() for name, ref in self.inputs.items()}
        fields = {
            "kind": self.kind.value,
            "inputs": json.dumps(inputs, separators=(",", ":")),
            "threshold": None if self.threshold is None else repr(self.threshold),
            "false_match_rate": None if self.false_match_rate is None else repr(self.false_match_rate),
            "portraits": "1" if self.portraits else None,
            "pages": "1" if self.pages else None,
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
    """A snapshot of a job's record.

    Attributes
    ----------
    inputs
        The documents by form field; empty once the job has ended.
    result
        Once succeeded: the body of the answer, JSON.
    failure
        Once failed: why.
    callback_state, callback_attempts
        How far the announcement of its end has come.
    request_id, trace
        Names of the HTTP request that it came by.
    owner
        Name of the API key that it came with.

    """

    id: str
    kind: JobKind
    queue: str
    status: JobStatus
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    attempts: int
    inputs: Mapping[str, BlobRef] = field(repr=False)
    threshold: float | None
    false_match_rate: float | None
    portraits: bool
    pages: bool
    batch: str | None
    reference: str | None = field(repr=False)
    result: BlobRef | None = field(repr=False)
    failure: Failure | None
    callback: Target | None
    callback_state: CallbackState
    callback_attempts: int
    request_id: str | None
    trace: str | None
    owner: str | None

    @classmethod
    def parse(cls, fields: Mapping[str, str]) -> Self:
        """Read a record's hash."""
        inputs: dict[str, str] = json.loads(fields.get("inputs", "{}"))
        return cls(
            id=fields["id"],
            kind=JobKind(fields["kind"]),
            queue=fields["queue"],
            status=JobStatus(fields["status"]),
            created_at=moment(fields["created_at"]),
            started_at=moment(fields["started_at"]) if "started_at" in fields else None,
            finished_at=moment(fields["finished_at"]) if "finished_at" in fields else None,
            attempts=int(fields["attempts"]),
            inputs={name: BlobRef.parse(text) for name, text in inputs.items()},
            threshold=float(fields["threshold"]) if "threshold" in fields else None,
            false_match_rate=float(fields["false_match_rate"]) if "false_match_rate" in fields else None,
            portraits="portraits" in fields,
            pages="pages" in fields,
            batch=fields.get("batch"),
            reference=fields.get("reference"),
            result=BlobRef.parse(fields["result"]) if "result" in fields else None,
            failure=Failure.parse(fields["failure"]) if "failure" in fields else None,
            callback=Target.parse(fields["callback"]) if "callback" in fields else None,
            callback_state=CallbackState(fields.get("callback_state", "pending")),
            callback_attempts=int(fields.get("callback_attempts", 0)),
            request_id=fields.get("request_id"),
            trace=fields.get("trace"),
            owner=fields.get("owner"),
        )


def scoped(owner: str | None, name: str) -> str:
    """Return what an owner's name for something is called among everybody's: no two owners' names are the same."""
    return name if owner is None else f"{owner}/{name}"


def unscoped(name: str) -> str:
    """Return a batch's name as its owner knows it."""
    return name.rpartition("/")[2]


def pairs(flat: list[str]) -> dict[str, str]:
    """Turn a script's flat answer, name and value in turn, into a mapping."""
    return dict(zip(flat[::2], flat[1::2], strict=True))


def moment(seconds: str) -> datetime:
    """Return a time as Redis holds it, in UTC."""
    return datetime.fromtimestamp(float(seconds), UTC)
