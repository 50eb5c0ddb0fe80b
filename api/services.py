"""What the routes work with, made once a process and handed to them by FastAPI."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from api.gauge import Gauge
from api.history import History
from api.keys import KeyRing
from api.memory import UploadMemory
from api.publisher import Publisher
from api.quota import Quota
from api.waiting import Waiting
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
