"""What the routes work with, made once a process and handed to them by FastAPI."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from api.auth.api_keys import KeyRing
from api.auth.rate_limiter import Quota
from api.http.upload_memory import UploadMemory
from api.jobs.backpressure import Gauge
from api.jobs.notifications import Waiting
from api.jobs.publisher import Publisher
from api.monitoring.load_history import History
from shared.blobs import BlobStore
from shared.jobs import Batches, Intake
from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """Settings, who may ask and how much, jobs and batches, document bytes, the publisher, who waits, the load."""

    settings: Settings
    keys: KeyRing | None
    quota: Quota
    intake: Intake
    batches: Batches
    blobs: BlobStore
    publisher: Publisher
    waiting: Waiting
    gauge: Gauge
    history: History
    memory: UploadMemory


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(_services)]
