"""The console: pages for people at the address where programs get name, status and version."""

from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

from api.jobs.services import ServicesDep
from api.openapi.responses import info_responses
from api.version import service_info
from shared.formats import formats_named
from shared.schemas import ServiceInfo

router = APIRouter(tags=["service"])

ASSETS = "/console"

_FOLDER = Path(str(files("api") / "console"))


@router.get(
    "/", summary="Name, status, version, accepted formats", response_model=ServiceInfo, responses=info_responses()
)
async def info(request: Request, services: ServicesDep) -> Response:
    """Say what this is and which formats it accepts; needs nothing but the API itself. A browser gets the console."""
    vary = {"Vary": "Accept"}
    if _is_browser(request.headers.get("accept", "")):
        return FileResponse(_FOLDER / "index.html", headers=vary)
    body = service_info(formats_named(services.settings.accepted_formats))
    return Response(body.model_dump_json(), media_type="application/json", headers=vary)


def _is_browser(accept: str) -> bool:
    """Tell whether pages are wanted: browsers name them, and never JSON, when they open an address."""
    return "text/html" in accept and "application/json" not in accept


class _Assets(StaticFiles):
    """Scripts and styles, which a browser may keep as long as it asks whether they have changed."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = "no-cache"
        return response


def assets() -> StaticFiles:
    """Return what the console's page loads."""
    return _Assets(directory=_FOLDER)
