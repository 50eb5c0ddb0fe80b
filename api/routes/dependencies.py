"""FastAPI dependency that gives endpoints access to the services of the process."""

from typing import Annotated

from fastapi import Depends, Request

from api.jobs.services import Services


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(_services)]
