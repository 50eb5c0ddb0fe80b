"""Callbacks: whom to tell of a job's end, how often it was tried, and when it is to be tried again. Blocking."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from redis import Redis

from shared.blobs import BlobRef
from shared.jobs import scripts
from shared.jobs.record import Job, Target, moment, pairs
from shared.schemas import CallbackState, JobKind, JobStatus

ATTEMPT_LIMIT = 60
"""Seconds that one attempt may take; after it the next may start."""


@dataclass(frozen=True, slots=True)
class Callback:
    """One attempt to tell of a job's end.

    Attributes
    ----------
    attempt
        From 1.
    age
        Seconds since the job ended.
    body
        What is to be sent, once it has been stored.
    request_id
        Name of the HTTP request that the job came by.

    """

    job_id: str
    target: Target
    kind: JobKind
    status: JobStatus
    ended_at: datetime
    attempt: int
    age: float
    body: BlobRef | None
    request_id: str | None

    @classmethod
    def parse(cls, job_id: str, fields: dict[str, str]) -> Self:
        """Read what the script answers with."""
        return cls(
            job_id=job_id,
            target=Target.parse(fields["target"]),
            kind=JobKind(fields["kind"]),
            status=JobStatus(fields["status"]),
            ended_at=moment(fields["ended_at"]),
            attempt=int(fields["attempts"]),
            age=float(fields["now"]) - float(fields["ended_at"]),
            body=BlobRef.parse(fields["body"]) if "body" in fields else None,
            request_id=fields.get("request_id"),
        )


class Callbacks:
    """The callbacks, as the worker that sends them uses them."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._claim = redis.register_script(scripts.script("callback_claim"))
        self._settle = redis.register_script(scripts.script("callback_settle"))

    def claim(self, job_id: str) -> Callback | None:
        """Take the next attempt, if it is due; a message that came twice finds nothing."""
        fields = pairs(self._claim(args=[job_id, ATTEMPT_LIMIT]))
        return Callback.parse(job_id, fields) if fields else None

    def job(self, job_id: str) -> Job | None:
        """Return the job that ended, while it is kept."""
        fields = self._redis.hgetall(scripts.JOB + job_id)
        return Job.parse({str(name): str(value) for name, value in fields.items()}) if fields else None

    def postpone(self, job_id: str, seconds: float, body: BlobRef) -> None:
        """Note that an attempt failed, when the next is due, and where what it sends is kept until then."""
        self._settle(args=[job_id, CallbackState.PENDING.value, seconds, body.dump()])

    def settle(self, job_id: str, state: CallbackState) -> None:
        """Note that the receiver was told, or was given up; what was to be sent is erased."""
        self._settle(args=[job_id, state.value, 0, ""])
