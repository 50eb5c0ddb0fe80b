"""Outbox of the audit log: the ends of jobs that have not been written to the log yet. Blocking.

The script that ends a job adds an entry in the same transaction.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from redis import Redis

from shared.jobs.record import parse_time, without_owner
from shared.jobs.redis_keys import RedisKeys
from shared.logs import get_logger, reason

log = get_logger(__name__)

_CHUNK = 500  # entries that are read at once


@dataclass(frozen=True, slots=True)
class JobEnd:
    """The end of a job.

    Attributes
    ----------
    outcome
        ``succeeded``, the code of the failure, or ``record_lost`` if Redis has lost the record.
    readable_until
        Time at which its result expires; None if it has none.
    caller, kind, request_id, batch
        As in the job, where they are known.
    entry
        The entry in the outbox.

    """

    job_id: str
    outcome: str
    at: datetime
    readable_until: datetime | None
    caller: str | None
    kind: str | None
    request_id: str | None
    batch: str | None
    entry: str

    @classmethod
    def parse(cls, entry: str) -> Self:
        """Read an entry of the outbox."""
        fields: dict[str, str] = json.loads(entry)
        return cls(
            job_id=fields["job_id"],
            outcome=fields["outcome"],
            at=parse_time(fields["at"]),
            readable_until=parse_time(fields["readable_until"]) if "readable_until" in fields else None,
            caller=fields.get("caller"),
            kind=fields.get("kind"),
            request_id=fields.get("request_id"),
            batch=without_owner(fields["batch"]) if "batch" in fields else None,
            entry=entry,
        )

    @property
    def audit_fields(self) -> dict[str, str | None]:
        """The fields of the entry in the audit log."""
        return {
            "at": _iso(self.at),
            "job_id": self.job_id,
            "kind": self.kind,
            "caller": self.caller,
            "request_id": self.request_id,
            "batch": self.batch,
            "readable_until": _iso(self.readable_until) if self.readable_until else None,
        }


class AuditOutbox:
    """The ends of jobs that the audit log does not contain yet.

    Remove entries after they have been written. If a process dies in between, an entry is written twice.

    Parameters
    ----------
    redis
        A client that decodes responses.

    """

    def __init__(self, redis: Redis, keys: RedisKeys | None = None) -> None:
        self._redis = redis
        self._keys = keys or RedisKeys()

    def pending(self) -> list[JobEnd]:
        """Return the oldest entries. Invalid ones are removed and logged."""
        ends = []
        for entry in map(str, self._redis.zrange(self._keys.audit, 0, _CHUNK - 1)):
            try:
                ends.append(JobEnd.parse(entry))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                log.error("invalid audit outbox entry removed", error=reason(error))  # noqa: TRY400 - one line is enough
                self._redis.zrem(self._keys.audit, entry)
        return ends

    def remove(self, ends: list[JobEnd]) -> None:
        """Remove entries that have been written to the audit log."""
        self._redis.zrem(self._keys.audit, *(end.entry for end in ends))


def _iso(time: datetime) -> str:
    return time.isoformat(timespec="microseconds").replace("+00:00", "Z")
