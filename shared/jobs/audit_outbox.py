"""Ends of jobs that the audit log does not have yet: noted by the script that ends a job. Blocking."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from redis import Redis

from shared.jobs.record import moment, unscoped
from shared.jobs.redis_keys import Keys
from shared.logs import get_logger, reason

log = get_logger(__name__)

_CHUNK = 500  # ends that are read in one go


@dataclass(frozen=True, slots=True)
class End:
    """How a job ended.

    Attributes
    ----------
    outcome
        ``succeeded``, the failure's code, or ``record_lost`` where Redis has lost the record.
    readable_until
        When its result expires; None if it has none.
    caller, kind, request_id, batch
        Of the job, if they are known and it has them.
    noted
        How it was noted.

    """

    job_id: str
    outcome: str
    at: datetime
    readable_until: datetime | None
    caller: str | None
    kind: str | None
    request_id: str | None
    batch: str | None
    noted: str

    @classmethod
    def parse(cls, noted: str) -> Self:
        """Read what a script noted."""
        fields: dict[str, str] = json.loads(noted)
        return cls(
            job_id=fields["job_id"],
            outcome=fields["outcome"],
            at=moment(fields["at"]),
            readable_until=moment(fields["readable_until"]) if "readable_until" in fields else None,
            caller=fields.get("caller"),
            kind=fields.get("kind"),
            request_id=fields.get("request_id"),
            batch=unscoped(fields["batch"]) if "batch" in fields else None,
            noted=noted,
        )


class Ends:
    """The ends that the audit log does not have yet.

    They are forgotten after they have been written: if a process dies between the two, one is written twice.

    Parameters
    ----------
    redis
        A client that decodes responses.

    """

    def __init__(self, redis: Redis, keys: Keys | None = None) -> None:
        self._redis = redis
        self._keys = keys or Keys()

    def unwritten(self) -> list[End]:
        """Return the oldest ends that were noted, some at once; what is none is dropped and logged."""
        ends = []
        for noted in map(str, self._redis.zrange(self._keys.audit, 0, _CHUNK - 1)):
            try:
                ends.append(End.parse(noted))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                log.error("noted end of a job dropped", error=reason(error))  # noqa: TRY400 - in one line
                self._redis.zrem(self._keys.audit, noted)
        return ends

    def written(self, ends: list[End]) -> None:
        """Note that the audit log has these."""
        self._redis.zrem(self._keys.audit, *(end.noted for end in ends))
