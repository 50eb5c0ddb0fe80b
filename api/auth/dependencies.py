"""FastAPI dependencies that authenticate the caller of an endpoint and check its scopes."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from api.auth.api_keys import Scope
from api.auth.authenticator import Authenticator
from api.auth.caller import Caller
from api.auth.rate_limiter import limit_headers
from api.http import headers
from shared import audit
from shared.errors import ServiceError

_Bearer = Annotated[
    HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False, description="An API key."))
]
_Header = Annotated[
    str | None, Depends(APIKeyHeader(name="X-API-Key", auto_error=False, description="An API key, as an alternative."))
]


def _authenticator(request: Request) -> Authenticator:
    authenticator: Authenticator = request.app.state.authenticator
    return authenticator


class _RequireScopes:
    """Requires all scopes of one of these sets."""

    def __init__(self, *allowed: set[Scope]) -> None:
        self._allowed = allowed

    async def __call__(self, request: Request, bearer: _Bearer, header: _Header) -> Caller:
        """Return the caller of the request; refusals go to the audit log.

        Raises
        ------
        ServiceError, redis.exceptions.RedisError
            As :meth:`api.auth.authenticator.Authenticator.authenticate` raises them.

        """
        server = request.scope.get("server")
        secret = bearer.credentials if bearer else header
        try:
            caller = await _authenticator(request).authenticate(secret, server[0] if server else None, self._allowed)
        except ServiceError as error:
            audit.record("refuse", error.problem.code, path=request.scope["route"].path)
            raise
        headers.add(request, limit_headers(caller.rate))
        return caller


Submitter = Annotated[Caller, Depends(_RequireScopes({Scope.SUBMIT}))]
SubmitterAndReader = Annotated[Caller, Depends(_RequireScopes({Scope.SUBMIT, Scope.READ}))]
Reader = Annotated[Caller, Depends(_RequireScopes({Scope.READ}))]
StatsReader = Annotated[Caller, Depends(_RequireScopes({Scope.STATS}))]
Eraser = Annotated[Caller, Depends(_RequireScopes({Scope.SUBMIT}, {Scope.ADMIN}))]
