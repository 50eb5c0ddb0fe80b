"""Who asks, and whether they may: a dependency of every endpoint that shows or takes anything."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from structlog.contextvars import bind_contextvars

from api.auth.api_keys import Scope
from api.auth.rate_limiter import Use, limit_headers
from api.http import headers
from api.jobs.services import Services, ServicesDep
from shared import audit
from shared.errors import ServiceError, SetupError
from shared.jobs import Allowance, Job, scoped
from shared.settings import Settings

_CHALLENGE = {"WWW-Authenticate": "Bearer"}

_Bearer = Annotated[
    HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False, description="An API key."))
]
_Header = Annotated[
    str | None, Depends(APIKeyHeader(name="X-API-Key", auto_error=False, description="An API key, likewise."))
]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Attributes
    ----------
    name
        Of the key; None where keys are off, and everybody is nobody in particular.
    scopes
        What they may ask for.
    rate
        How far their rate has been used, if they have one.
    allowance
        How many jobs they may create, if that is limited.

    """

    name: str | None
    scopes: frozenset[Scope]
    rate: Use | None = None
    allowance: Allowance | None = None

    def own(self, job: Job | None) -> Job:
        """Return the job, if there is one and it is theirs.

        Raises
        ------
        ServiceError
            ``job_not_found`` in either case: whether another's job exists is nobody's business.

        """
        if job is None or job.owner != self.name:
            raise ServiceError("job_not_found")
        return job

    def scoped(self, name: str) -> str:
        """Return what a name of theirs, of a batch or a request, is called among everybody's."""
        return scoped(self.name, name)


_EVERYBODY = Caller(None, frozenset(Scope))


class _Admission:
    """Admits whoever has all the scopes of one of these sets."""

    def __init__(self, *enough: set[Scope]) -> None:
        self._enough = enough

    async def __call__(self, request: Request, services: ServicesDep, bearer: _Bearer, header: _Header) -> Caller:
        """Return who asks.

        Raises
        ------
        ServiceError
            ``unauthorized``, ``key_expired``, ``key_not_yet_valid``, ``forbidden`` or ``rate_limited``.
        redis.exceptions.RedisError
            Their requests could not be counted.

        """
        try:
            return await self._admit(request, services, bearer.credentials if bearer else header)
        except ServiceError as error:
            audit.record("refuse", error.problem.code, path=request.scope["route"].path)
            raise

    async def _admit(self, request: Request, services: Services, secret: str | None) -> Caller:
        if services.keys is None:
            address = request.scope.get("server")
            if not may_be_anonymous(services.settings, address[0] if address else None):
                raise ServiceError("unauthorized", headers=_CHALLENGE)
            return _EVERYBODY
        found = services.keys.find(secret) if secret else None
        if found is None:
            raise ServiceError("unauthorized", headers=_CHALLENGE)
        name, key = found
        bind_contextvars(caller=name)
        refusal = key.refusal(datetime.now(UTC))
        if refusal is not None:  # only who has the key learns of it: to anybody else there is no such key
            raise ServiceError(refusal, headers=_CHALLENGE)
        if not any(key.scopes >= scopes for scopes in self._enough):
            raise ServiceError("forbidden")
        rate = await services.quota.count_request(name, key)
        headers.add(request, limit_headers(rate))
        allowance = Allowance(name, key.quota.amount, key.quota.get_expiry()) if key.quota else None
        return Caller(name, key.scopes, rate, allowance)


Submitter = Annotated[Caller, Depends(_Admission({Scope.SUBMIT}))]
Asker = Annotated[Caller, Depends(_Admission({Scope.SUBMIT, Scope.READ}))]
"""Hands in and reads the result, in one request."""
Reader = Annotated[Caller, Depends(_Admission({Scope.READ}))]
Watcher = Annotated[Caller, Depends(_Admission({Scope.STATS}))]
Eraser = Annotated[Caller, Depends(_Admission({Scope.SUBMIT}, {Scope.ADMIN}))]


def check_exposure(settings: Settings) -> None:
    """Make sure that the service does not open itself to everybody by accident.

    Raises
    ------
    SetupError
        It would be reached from elsewhere than this machine, without API keys.

    """
    if settings.api_keys_path is None and not may_be_anonymous(settings, settings.host):
        raise SetupError(
            f"{settings.public_host or settings.host} can be reached from elsewhere, and there are no API keys: "
            "name a file of them (API_KEYS_FILE); or keep it to this machine (HOST=127.0.0.1, or PUBLIC_HOST=127.0.0.1 "
            "for a container that is published there); or open it to everybody (ALLOW_ANONYMOUS=true, and in "
            "ALLOWED_HOSTS the names by which it is asked)"
        )


def may_be_anonymous(settings: Settings, address: str | None) -> bool:
    """Tell whether whoever can reach this address may ask without a key, where there are none."""
    if settings.allow_anonymous:
        return True
    public = settings.public_host or address
    return public is None or _is_loopback(public)


@lru_cache
def _is_loopback(host: str) -> bool:
    """Tell whether a host is this machine alone; a name other than ``localhost`` may be anything."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.startswith("/")  # or a Unix socket
