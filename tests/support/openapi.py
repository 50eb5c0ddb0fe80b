"""The OpenAPI description of the service, made without a running system."""

from typing import Any

from api.app import create_app
from shared.settings import Settings


def openapi_description(**settings: object) -> dict[str, Any]:
    """Return the description for these settings."""
    defaults: dict[str, Any] = {"redis_url": "redis://not-connected-to"}
    return create_app(Settings(**defaults | settings)).openapi()
