"""Fixtures for the API in this process, with a real Valkey server.

``client`` calls the application through the ASGI transport of httpx, without a socket. ``serve`` listens on a real
port, for tests of connections and disconnects. No worker process runs; ``worker`` ends jobs in their records instead.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from asgi_lifespan import LifespanManager
from fastapi import FastAPI
from redis import Redis

from api.app import create_app
from shared.settings import Settings
from tests.api.server import serving
from tests.api.worker import Worker

LOOPBACK = "http://127.0.0.1"
"""An API without keys accepts only requests to an address of this machine."""


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def settings(valkey_url: str, tmp_path: Path) -> Settings:
    """Return the settings of an application with an empty Redis server."""
    with Redis.from_url(valkey_url) as redis:
        redis.flushall()
    return Settings(redis_url=valkey_url, data_dir=tmp_path / "data")


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    app = create_app(settings)
    async with LifespanManager(app):
        yield app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with calling(app) as client:
        yield client


def calling(app: FastAPI, **options: Any) -> httpx.AsyncClient:
    """Return a client of the application; exceptions become responses, as on a server."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=LOOPBACK, **options)


@pytest.fixture
def worker(settings: Settings) -> Iterator[Worker]:
    worker = Worker(settings)
    yield worker
    worker.close()


Serve = Callable[..., str]


@pytest.fixture
def serve(settings: Settings) -> Iterator[Serve]:
    """Serve the application over HTTP with changed settings until the test ends; returns its URL."""
    with ExitStack() as stack:
        yield lambda **changes: stack.enter_context(serving(settings, **changes))
