"""The FastAPI application: what it is made of, and what it opens and closes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline

from api.auth.api_keys import KeyRing
from api.auth.rate_limiter import Quota
from api.http import access_log, hosts, origins, problems, request_id
from api.http.head_requests import HeadRequests
from api.http.headers import AnswerHeaders
from api.http.upload_memory import UploadMemory
from api.jobs.backpressure import Gauge
from api.jobs.notifications import Waiting
from api.jobs.publisher import Publisher
from api.jobs.services import Services
from api.monitoring import metrics
from api.monitoring.load_history import History
from api.openapi import responses
from api.routes import batches, console, faces, health, jobs
from api.version import NAME, VERSION
from shared import audit
from shared.blobs import BlobStore
from shared.errors import SetupError
from shared.jobs import Batches, Intake, Keys
from shared.queue import celery_app
from shared.redis.connections import api_redis
from shared.settings import Settings

Backend = Callable[[Settings], AbstractAsyncContextManager[str]]
"""Makes sure that a Redis is there for as long as the context lasts, and says at which URL."""

_DESCRIPTION = """
Finds the holder's portrait in an identity document, and tells whether two pictures show the same person.

`POST /extract-face` and `POST /compare-faces` wait for the result. `POST /jobs/...` answer at once, and the result is
fetched at `GET /jobs/{id}`, or those of many jobs at `GET /batches/{name}/results`. Every error is a problem document
(RFC 9457) whose `code` does not change. Browsers get a console at `/`.
"""


def _operation(route: APIRoute) -> str:
    """Name an operation as generated clients will call it."""
    return route.name


@asynccontextmanager
async def external_redis(settings: Settings) -> AsyncIterator[str]:
    """Use the Redis that the settings name.

    Raises
    ------
    SetupError
        They name none.

    """
    if settings.redis_url is None:
        raise SetupError("REDIS_URL is not set: name the Redis server that the workers use, or start app.py")
    yield settings.redis_url


def create_app(settings: Settings, backend: Backend = external_redis) -> FastAPI:
    """Return the application; connections are opened when it starts.

    Raises
    ------
    SetupError
        The API keys cannot be read.

    """
    keys = KeyRing.configured(settings)
    access_log.omit_options()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        audit.configure(settings)
        async with backend(settings) as redis_url, api_redis(redis_url) as redis:
            intake = Intake.configured(redis, settings)
            publisher = Publisher(celery_app(redis_url, settings.redis_namespace))
            keyspace = Keys(settings.redis_namespace)
            gauge = Gauge(intake)
            app.state.services = services = Services(
                settings=settings,
                keys=keys,
                quota=Quota(redis, keyspace),
                intake=intake,
                batches=Batches(redis, settings),
                blobs=BlobStore.configured(settings),
                publisher=publisher,
                waiting=Waiting(redis, keyspace, intake, settings.max_waiting),
                gauge=gauge,
                history=History(redis, keyspace, gauge),
                memory=UploadMemory(settings.upload_memory, settings.upload_wait),
            )
            async with services.waiting.listening(), services.history.being_written():
                yield
            await asyncio.to_thread(publisher.close)

    # The documentation pages carry their own scripts: no browser is sent to a third party.
    app = FastAPIOffline(
        title=NAME, version=VERSION, description=_DESCRIPTION, lifespan=lifespan, generate_unique_id_function=_operation
    )
    problems.install(app)
    app.add_middleware(HeadRequests)  # inside of all that counts and traces requests by their method
    origins.check(app, settings)
    hosts.check(app, settings, with_keys=keys is not None)
    metrics.instrument(app)
    request_id.trace(app, settings)
    request_id.name(app)
    app.add_middleware(AnswerHeaders)
    for routes in (console, health, faces, jobs, batches):
        app.include_router(routes.router)
    app.mount(console.ASSETS, console.assets(), name="console")
    responses.describe(app, with_keys=keys is not None)
    return app
