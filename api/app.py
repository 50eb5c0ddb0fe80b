"""The FastAPI application: its parts, and the connections that it opens and closes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline

from api.auth.api_keys import ApiKeys
from api.auth.authenticator import Authenticator
from api.auth.rate_limiter import RateLimiter
from api.http import access_log, hosts, origins, problems, request_id, tracing
from api.http.head_requests import HeadRequests
from api.http.headers import ResponseHeaders
from api.http.upload_memory import UploadMemory
from api.jobs.backpressure import Backpressure
from api.jobs.notifications import JobNotifications
from api.jobs.publisher import Publisher
from api.jobs.services import Services
from api.monitoring import metrics
from api.monitoring.load_history import LoadRecorder
from api.monitoring.operations import Operations
from api.openapi import description
from api.routes import batches, console, faces, health, jobs as job_routes
from api.version import NAME, VERSION
from shared import audit
from shared.blobs import BlobStore
from shared.errors import SetupError
from shared.job_kinds.registry import KINDS
from shared.jobs import Batches, JobRepository, RedisKeys
from shared.queue import celery_app
from shared.redis.connections import api_redis
from shared.settings import Settings

RedisProvider = Callable[[Settings], AbstractAsyncContextManager[str]]
"""Provides the URL of a Redis server that is available as long as the context lasts."""

_DESCRIPTION = """
Finds the holder's portrait in an identity document, and tells whether two pictures show the same person.

`POST /extract-face` and `POST /compare-faces` wait for the result. `POST /jobs/...` return a job immediately. Get its
result from `GET /jobs/{id}`, or the results of many jobs from `GET /batches/{name}/results`. Errors are problem
documents (RFC 9457) with a stable `code`. The console for browsers is at `/`.
"""


def _operation_id(route: APIRoute) -> str:
    """Return the id of an operation, which generated clients use as function name."""
    return route.name


@asynccontextmanager
async def external_redis(settings: Settings) -> AsyncIterator[str]:
    """Use the Redis server in the settings.

    Raises
    ------
    SetupError
        The settings have none.

    """
    if settings.redis_url is None:
        raise SetupError("REDIS_URL is not set. Set it to the Redis server of the workers, or start app.py")
    yield settings.redis_url


def create_app(settings: Settings, redis_provider: RedisProvider = external_redis) -> FastAPI:
    """Return the application. It opens its connections when it starts.

    Raises
    ------
    SetupError
        The API keys cannot be read.

    """
    api_keys = ApiKeys.from_settings(settings)
    access_log.omit_query_strings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        audit.configure(settings)
        async with redis_provider(settings) as redis_url, api_redis(redis_url) as redis:
            redis_keys = RedisKeys(settings.redis_namespace)
            jobs = JobRepository.from_settings(redis, settings)
            publisher = Publisher(celery_app(redis_url, settings.redis_namespace))
            backpressure = Backpressure(jobs)
            limiter = RateLimiter(redis, redis_keys)
            app.state.authenticator = Authenticator(settings, api_keys, limiter)
            app.state.services = services = Services(
                settings=settings,
                limiter=limiter,
                jobs=jobs,
                batches=Batches(redis, settings),
                blobs=BlobStore.from_settings(settings),
                publisher=publisher,
                notifications=JobNotifications(redis, redis_keys, jobs, settings.max_waiting),
                backpressure=backpressure,
                load_recorder=LoadRecorder(redis, redis_keys, backpressure.load),
                operations=Operations(redis, redis_keys, settings),
                upload_memory=UploadMemory(settings.upload_memory, settings.upload_wait),
            )
            async with services.notifications.running(), services.load_recorder.running():
                yield
            await asyncio.to_thread(publisher.close)

    # The documentation pages contain their scripts, so browsers load nothing from third parties.
    app = FastAPIOffline(
        title=NAME,
        version=VERSION,
        description=_DESCRIPTION,
        lifespan=lifespan,
        generate_unique_id_function=_operation_id,
    )
    problems.install(app)
    app.add_middleware(HeadRequests)  # inside the middleware that counts and traces requests by method
    origins.install(app, settings, {"/", *(f"/{kind.name}" for kind in KINDS)})
    hosts.install(app, settings, with_keys=api_keys is not None)
    metrics.instrument(app)
    tracing.install(app, settings)
    request_id.install(app)
    app.add_middleware(ResponseHeaders)
    for module in (console, health, faces, job_routes, batches):
        app.include_router(module.router)
    app.mount(console.FILES_PATH, console.console_files(), name="console")
    description.describe(app, with_keys=api_keys is not None)
    return app
