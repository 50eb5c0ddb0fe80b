"""The HTTP server: uvicorn, with a line on standard output once a worker is ready."""

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

_STARTUP_FAILURE = 3  # exit code of uvicorn if the application does not start
_CHECK_INTERVAL = 0.1  # seconds between two checks for a worker


class Server(uvicorn.Server):
    """Serves the API at the address in the settings."""

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
        services.notifications.stop()
        await super().shutdown(sockets)

    def serve_until_stopped(self) -> None:
        """Serve until a signal to stop; requests in progress are completed first."""
        allow_many_connections()
        self.run()
        if not self.started:
            sys.exit(_STARTUP_FAILURE)

    async def _announce(self) -> None:
        services: Services = self._app.state.services
        # A cancellation can be lost inside a command of redis-py, so a flag ends this loop.
        while not self.should_exit and not await _has_worker(services):  # noqa: ASYNC110 - another process
            await asyncio.sleep(_CHECK_INTERVAL)
        if self.should_exit:
            return
        print(f"Ready: {self._address} (documentation: {self._address}/docs)", flush=True)  # noqa: T201


async def _has_worker(services: Services) -> bool:
    try:
        return (await services.jobs.load()).workers > 0
    except RedisError:
        return False
