"""A job's record, as Redis holds it: a hash of strings, a few hundred bytes, never a document."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from shared.blobs import BlobRef
from shared.schemas import JobKind, JobStatus


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


@dataclass(frozen=True, slots=True)
class Job:
    """A snapshot of a job's record.

    Attributes
    ----------
    inputs
        The documents by form field; empty once the job has ended.
    threshold
        Distance of decision, for a comparison that names one.
    result
        Once succeeded: the body of the answer, JSON.
    failure
        Once failed: why.

    """

    id: str
    kind: JobKind
    queue: str
    status: JobStatus
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    attempts: int
    inputs: Mapping[str, BlobRef]
    threshold: float | None
    result: BlobRef | None
    failure: Failure | None

    @classmethod
    def parse(cls, fields: Mapping[str, str]) -> Self:
        """Read a record's hash."""
        inputs: dict[str, str] = json.loads(fields.get("inputs", "{}"))
        return cls(
            id=fields["id"],
            kind=JobKind(fields["kind"]),
            queue=fields["queue"],
            status=JobStatus(fields["status"]),
            created_at=_moment(fields["created_at"]),
            started_at=_moment(fields["started_at"]) if "started_at" in fields else None,
            finished_at=_moment(fields["finished_at"]) if "finished_at" in fields else None,
            attempts=int(fields["attempts"]),
            inputs={field: BlobRef.parse(text) for field, text in inputs.items()},
            threshold=float(fields["threshold"]) if "threshold" in fields else None,
            result=BlobRef.parse(fields["result"]) if "result" in fields else None,
            failure=Failure.parse(fields["failure"]) if "failure" in fields else None,
        )


def dump_inputs(inputs: Mapping[str, BlobRef]) -> str:
    """Write the inputs as the record holds them."""
    return json.dumps({field: ref.dump() for field, ref in inputs.items()}, separators=(",", ":"))


def pairs(flat: list[str]) -> dict[str, str]:
    """Turn a script's flat answer, name and value in turn, into a mapping."""
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _moment(seconds: str) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)
