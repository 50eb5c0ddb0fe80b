"""The HTTP server: uvicorn, which says in one line when jobs can be done and not merely accepted."""

import asyncio
import socket
import sys

import uvicorn
from fastapi import FastAPI
from redis.exceptions import RedisError

from api.http.protocol import BoundedProtocol
from api.jobs.services import Services
from shared.process import allow_many_connections
from shared.settings import Settings

_STARTUP_FAILURE = 3  # uvicorn's own exit code for an application that does not start
_LOOK = 0.1  # seconds between two looks for a worker


class Server(uvicorn.Server):
    """A server of the API at the address that the settings name."""

    def __init__(self, app: FastAPI, settings: Settings) -> None:
        config = uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            http=BoundedProtocol,
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=settings.drain_timeout,
        )
        super().__init__(config)
        self._app = app
        self._address = f"http://{settings.host}:{settings.port}"
        self._announcing: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._announcing = asyncio.create_task(self._announce())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        services: Services = self._app.state.services
        services.waiting.stop()
        await super().shutdown(sockets)

    def serve_until_told(self) -> None:
        """Serve until a signal says to stop; what is being answered is finished first."""
        allow_many_connections()
        self.run()
        if not self.started:
            sys.exit(_STARTUP_FAILURE)

    async def _announce(self) -> None:
        services: Services = self._app.state.services
        # A cancellation that meets redis-py in the middle of a command can be lost in it, so a flag ends this for sure.
        while not self.should_exit and not await _a_worker_consumes(services):  # noqa: ASYNC110 - another process
            await asyncio.sleep(_LOOK)
        if self.should_exit:
            return
        print(f"Ready: {self._address} (documentation: {self._address}/docs)", flush=True)  # noqa: T201


async def _a_worker_consumes(services: Services) -> bool:
    try:
        return (await services.intake.load()).workers > 0
    except RedisError:
        return False
