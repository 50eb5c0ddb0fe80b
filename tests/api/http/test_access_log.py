"""Log lines about requests never contain options, neither in the access log of uvicorn nor in our log."""

import io
import logging
from collections.abc import Iterator

import httpx
import pytest
from structlog.testing import capture_logs
from uvicorn.logging import AccessFormatter

from api.app import create_app
from shared.settings import Settings

LOGGER = logging.getLogger("uvicorn.access")


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Return the output of the log formatter of uvicorn."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(AccessFormatter("%(client_addr)s %(request_line)s %(status_code)s", use_colors=False))
    monkeypatch.setattr(LOGGER, "handlers", [handler])
    monkeypatch.setattr(LOGGER, "level", logging.INFO)
    LOGGER.manager._clear_cache()  # type: ignore[attr-defined]  # levels are cached
    yield stream
    LOGGER.manager._clear_cache()  # type: ignore[attr-defined]


async def test_invalid_requests_are_logged_without_their_values(client: httpx.AsyncClient) -> None:
    with capture_logs() as logged:
        assert (await client.get("/batches/intake/results", params={"since": "of-the-client"})).status_code == 400
    (line,) = logged
    assert "since" in str(line)
    assert "of-the-client" not in str(line)


def test_requests_are_logged_without_their_query(settings: Settings, written: io.StringIO) -> None:
    create_app(settings)
    create_app(settings)  # a second application changes nothing
    path = "/jobs/compare-faces?threshold=0.5&callback_url=https://forms.example/?token=secret"
    # As in uvicorn (protocols/http/httptools_impl.py).
    LOGGER.info('%s - "%s %s HTTP/%s" %d', "10.0.0.9:5000", "POST", path, "1.1", 202)
    assert written.getvalue() == "10.0.0.9:5000 POST /jobs/compare-faces HTTP/1.1 202 Accepted\n"
