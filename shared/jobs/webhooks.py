"""Callbacks: who is told of a job's end, how often it was tried, and when the next attempt is due. Blocking."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from redis import Redis

from shared.blobs import BlobRef
from shared.jobs.clock import due, server_time
from shared.jobs.record import Job, Target, moment, pairs
from shared.jobs.redis_keys import Keys
from shared.jobs.scripts import script
from shared.schemas import CallbackState, JobKind, JobStatus

ATTEMPT_LIMIT = 60
"""Seconds that one attempt may take; after it the next may start."""

_FORGOTTEN_AFTER = 25 * 3600
"""Seconds after which a callback is forgotten that no worker ever took: longer than one is tried for."""

_LOST_AFTER = 5
"""Seconds after which a message counts as lost that was published, while the broker has none left."""

_LOST_ANYWAY = 600
"""Seconds after which it counts as lost although others are left: a message too many changes nothing."""

LONGEST_PAUSE = 4 * 3600
"""Seconds between two attempts, at most."""


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
    """The callbacks: which are due, and what became of each attempt.

    The next attempt is scheduled here, not held in a worker's memory: a callback is *due* at a time, is *published* to
    Celery when that has come, and is due again later if its attempt fails or is never heard of.

    Parameters
    ----------
    redis
        A client that decodes responses.

    """

    def __init__(self, redis: Redis, keys: Keys | None = None) -> None:
        self._redis = redis
        self._keys = keys or Keys()
        self._publish, self._claim, self._settle = (
            redis.register_script(script(f"webhook_{name}")) for name in ("publish", "claim", "settle")
        )

    def due(self, *, queue_is_empty: bool) -> list[str]:
        """Return the jobs whose receiver is to be told now.

        The caller notes each with :meth:`publishing`, and publishes it.

        Times that are too far ahead were written before the server's clock was set back, and have come.

        Parameters
        ----------
        queue_is_empty
            Whether the broker has no message left: then those that were published and not received are lost.

        """
        now = server_time(self._redis)
        for index in (self._keys.due, self._keys.published):
            self._redis.zremrangebyscore(index, "-inf", now - _FORGOTTEN_AFTER)
        ids = due(self._redis, self._keys.due, now, ahead=now + LONGEST_PAUSE)
        lost = now - (_LOST_AFTER if queue_is_empty else _LOST_ANYWAY)
        return ids + due(self._redis, self._keys.published, lost, ahead=now)

    def publishing(self, job_id: str) -> bool:
        """Note that the message of a callback is published next; False if it must not be: another has published it."""
        return bool(self._publish(self._keys.of_job(job_id), [job_id, _LOST_AFTER, LONGEST_PAUSE]))

    def claim(self, job_id: str) -> Callback | None:
        """Take the next attempt, if it is due; a message that came twice finds nothing."""
        fields = pairs(self._claim(self._keys.of_job(job_id), [job_id, ATTEMPT_LIMIT]))
        return Callback.parse(job_id, fields) if fields else None

    def job(self, job_id: str) -> Job | None:
        """Return the job that ended, while it is kept."""
        fields = self._redis.hgetall(self._keys.job(job_id))
        return Job.parse({str(name): str(value) for name, value in fields.items()}) if fields else None

    def postpone(self, job_id: str, seconds: float, body: BlobRef) -> None:
        """Note that an attempt failed, when the next is due, and where what it sends is kept until then."""
        self._settle(self._keys.of_job(job_id), [job_id, CallbackState.PENDING.value, seconds, body.dump()])

    def settle(self, job_id: str, state: CallbackState) -> None:
        """Note that the receiver was told, or was given up; what was to be sent is erased."""
        self._settle(self._keys.of_job(job_id), [job_id, state.value, 0, ""])
