"""The caller of a request: its scopes, limits and jobs."""

from dataclasses import dataclass

from api.auth.api_keys import Scope
from api.auth.rate_limiter import LimitStatus
from shared.errors import ServiceError
from shared.jobs import Job, JobQuota, with_owner


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller of a request.

    Attributes
    ----------
    name
        Name of the API key; None when authentication is disabled.
    scopes
        What the caller may do.
    rate
        Status of the rate limit, if there is one.
    quota
        Job quota, if there is one.

    """

    name: str | None
    scopes: frozenset[Scope]
    rate: LimitStatus | None = None
    quota: JobQuota | None = None

    def require_own(self, job: Job | None) -> Job:
        """Return the job if it exists and belongs to the caller.

        Raises
        ------
        ServiceError
            ``job_not_found`` in both cases, so that the caller does not learn whether a job of another caller exists.

        """
        if job is None or job.owner != self.name:
            raise ServiceError("job_not_found")
        return job

    def with_owner(self, name: str) -> str:
        """Return the name of a batch with its owner, so that names of different callers never collide."""
        return with_owner(self.name, name)


ANONYMOUS = Caller(None, frozenset(Scope))
"""The caller when authentication is disabled."""
