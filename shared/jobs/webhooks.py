"""Webhooks of ended jobs: receivers, attempts so far, and the time of the next attempt. Blocking."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from redis import Redis

from shared.blobs import BlobRef
from shared.jobs.clock import due_ids, server_time
from shared.jobs.record import Job, WebhookTarget, parse_pairs, parse_time
from shared.jobs.redis_keys import RedisKeys
from shared.jobs.scripts import script
from shared.schemas import CallbackState, JobStatus

ATTEMPT_LIMIT = 60
"""Seconds that one attempt may take, after which the next attempt may start."""

_EXPIRES_AFTER = 25 * 3600
"""Seconds after which a webhook that no worker has delivered is dropped: longer than the time of all retries."""

_LOST_AFTER = 5
"""Seconds after which a published message counts as lost if the queue is empty."""

_LOST_AFTER_BUSY = 600
"""Seconds after which it counts as lost even if the queue is not empty. A duplicate message changes nothing."""

LONGEST_PAUSE = 4 * 3600
"""Longest pause between two attempts, in seconds."""


@dataclass(frozen=True, slots=True)
class WebhookAttempt:
    """One attempt to deliver the webhook of a job.

    Attributes
    ----------
    attempt
        Number of this attempt, from 1.
    age
        Seconds since the job ended.
    body
        Reference to the stored body; None before the first attempt has failed.
    request_id
        Id of the HTTP request that created the job.

    """

    job_id: str
    target: WebhookTarget
    kind: str
    status: JobStatus
    ended_at: datetime
    attempt: int
    age: float
    body: BlobRef | None
    request_id: str | None

    @classmethod
    def parse(cls, job_id: str, fields: dict[str, str]) -> Self:
        """Read the response of the claim script."""
        return cls(
            job_id=job_id,
            target=WebhookTarget.parse(fields["target"]),
            kind=fields["kind"],
            status=JobStatus(fields["status"]),
            ended_at=parse_time(fields["ended_at"]),
            attempt=int(fields["attempts"]),
            age=float(fields["now"]) - float(fields["ended_at"]),
            body=BlobRef.parse(fields["body"]) if "body" in fields else None,
            request_id=fields.get("request_id"),
        )


class Webhooks:
    """Schedules the attempts to deliver webhooks and records their outcomes.

    The schedule is in Redis, not in the memory of a worker. A webhook is *due* at a time, is then *published* to
    Celery, and is due again later if its attempt fails or its worker dies.

    Parameters
    ----------
    redis
        A client that decodes responses.

    """

    def __init__(self, redis: Redis, keys: RedisKeys | None = None) -> None:
        self._redis = redis
        self._keys = keys or RedisKeys()
        self._publish, self._claim, self._settle = (
            redis.register_script(script(f"webhook_{name}")) for name in ("publish", "claim", "settle")
        )

    def due(self, *, queue_is_empty: bool) -> list[str]:
        """Return the ids of jobs whose webhook is due.

        The caller passes each to :meth:`mark_published` and publishes a message for it.

        Times that are too far in the future were written before the server clock was set back and count as due.

        Parameters
        ----------
        queue_is_empty
            Whether the broker has no messages. Then messages that were published and not received are lost.

        """
        now = server_time(self._redis)
        for index in (self._keys.webhooks_due, self._keys.webhooks_published):
            self._redis.zremrangebyscore(index, "-inf", now - _EXPIRES_AFTER)
        ids = due_ids(self._redis, self._keys.webhooks_due, now, ahead=now + LONGEST_PAUSE)
        lost = now - (_LOST_AFTER if queue_is_empty else _LOST_AFTER_BUSY)
        return ids + due_ids(self._redis, self._keys.webhooks_published, lost, ahead=now)

    def mark_published(self, job_id: str) -> bool:
        """Record that the message of a webhook is published next; False if another process has published it."""
        return bool(self._publish(self._keys.of_job(job_id), [job_id, _LOST_AFTER, LONGEST_PAUSE]))

    def claim(self, job_id: str) -> WebhookAttempt | None:
        """Claim the next attempt if it is due; None otherwise, for example after a duplicate message."""
        fields = parse_pairs(self._claim(self._keys.of_job(job_id), [job_id, ATTEMPT_LIMIT]))
        return WebhookAttempt.parse(job_id, fields) if fields else None

    def ended_job(self, job_id: str) -> Job | None:
        """Return the job, or None once it has expired."""
        fields = self._redis.hgetall(self._keys.job(job_id))
        return Job.parse({str(name): str(value) for name, value in fields.items()}) if fields else None

    def postpone(self, job_id: str, seconds: float, body: BlobRef) -> bool:
        """Record that an attempt failed: schedule the next attempt and keep the reference to the body for it.

        Returns False if the webhook no longer exists: its job was erased, or another attempt has delivered it. The
        body is then deleted.
        """
        args: list[str | float] = [job_id, CallbackState.PENDING.value, seconds, body.dump()]
        return bool(self._settle(self._keys.of_job(job_id), args))

    def settle(self, job_id: str, state: CallbackState) -> None:
        """Record that a webhook was delivered or given up, and erase its body."""
        self._settle(self._keys.of_job(job_id), [job_id, state.value, 0, ""])
