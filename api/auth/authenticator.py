"""Checks the API key of a request: existence, validity, scopes and rate limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from structlog.contextvars import bind_contextvars

from api.auth.anonymous_access import allows_anonymous
from api.auth.api_keys import ApiKeys, Scope
from api.auth.caller import ANONYMOUS, Caller
from api.auth.rate_limiter import RateLimiter
from shared.errors import ServiceError
from shared.jobs import JobQuota
from shared.settings import Settings

_CHALLENGE = {"WWW-Authenticate": "Bearer"}


@dataclass(frozen=True, slots=True)
class Authenticator:
    """Authenticates requests.

    Attributes
    ----------
    api_keys
        The API keys; None when authentication is disabled.

    """

    settings: Settings
    api_keys: ApiKeys | None
    limiter: RateLimiter

    async def authenticate(self, secret: str | None, address: str | None, allowed: Sequence[set[Scope]]) -> Caller:
        """Return the caller of a request.

        Parameters
        ----------
        secret
            The API key that was sent.
        address
            The address of the server that received the request.
        allowed
            Sets of scopes. The key must have all scopes of one of them.

        Raises
        ------
        ServiceError
            ``unauthorized``, ``key_expired``, ``key_not_yet_valid``, ``forbidden`` or ``rate_limited``.
        redis.exceptions.RedisError
            The request could not be counted.

        """
        if self.api_keys is None:
            if not allows_anonymous(self.settings, address):
                raise ServiceError("unauthorized", headers=_CHALLENGE)
            return ANONYMOUS
        found = self.api_keys.find(secret) if secret else None
        if found is None:
            raise ServiceError("unauthorized", headers=_CHALLENGE)
        name, key = found
        bind_contextvars(caller=name)
        invalid = key.validity_error(datetime.now(UTC))
        if invalid is not None:  # only the owner of the key learns this; for others the key does not exist
            raise ServiceError(invalid, headers=_CHALLENGE)
        if not any(key.scopes >= scopes for scopes in allowed):
            raise ServiceError("forbidden")
        rate = await self.limiter.count_request(name, key)
        quota = JobQuota(name, key.quota.amount, key.quota.get_expiry()) if key.quota else None
        return Caller(name, key.scopes, rate, quota)
