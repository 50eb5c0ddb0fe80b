"""FastAPI dependency that gives endpoints access to the services of the process."""

from typing import Annotated

from fastapi import Depends, Request

from api.jobs.services import Services


async def _services(request: Request) -> Services:  # not in a thread, as FastAPI would call a blocking function
    services: Services = request.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(_services)]
