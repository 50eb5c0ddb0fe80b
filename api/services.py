"""What the routes work with, made once a process and handed to them by FastAPI."""

from dataclasses import dataclass
from typing import Annotated

from celery import Celery
from fastapi import Depends, Request

from api.waiting import Waiting
from shared.blobs import BlobStore
from shared.jobs import Intake
from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """Settings, the job records, the document bytes, the queue, and who waits."""

    settings: Settings
    intake: Intake
    blobs: BlobStore
    celery: Celery
    waiting: Waiting


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(_services)]
