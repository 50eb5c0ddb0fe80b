"""``GET /``: the console for browsers; name, status and version for other clients."""

from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

from api.openapi.responses import info_responses
from api.routes.dependencies import ServicesDep
from api.version import service_info
from shared.formats import formats_named
from shared.schemas import ServiceInfo

router = APIRouter(tags=["service"])

FILES_PATH = "/console"

_FOLDER = Path(str(files("api") / "console"))


@router.get(
    "/",
    summary="Get name, status, version, accepted formats and maximum file size",
    response_model=ServiceInfo,
    responses=info_responses(),
)
async def info(request: Request, services: ServicesDep) -> Response:
    """Return information about the service; works without Redis and workers. Browsers get the console instead."""
    vary = {"Vary": "Accept"}
    if _is_browser(request.headers.get("accept", "")):
        return FileResponse(_FOLDER / "index.html", headers=vary)
    settings = services.settings
    body = service_info(formats_named(settings.accepted_formats), settings.max_upload_bytes)
    return Response(body.model_dump_json(), media_type="application/json", headers=vary)


def _is_browser(accept: str) -> bool:
    """Tell whether a browser opens a page: it then accepts HTML and does not name JSON."""
    return "text/html" in accept and "application/json" not in accept


class _ConsoleFiles(StaticFiles):
    """Scripts and styles. Browsers may cache them but must check whether they have changed."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = "no-cache"
        return response


def console_files() -> StaticFiles:
    """Return the scripts and styles of the console."""
    return _ConsoleFiles(directory=_FOLDER)
