"""What keeps the API from starting is one clear line, said before anything is opened."""

from pathlib import Path

import httpx
import pytest
from asgi_lifespan import LifespanManager

from api.access import check_exposure
from api.app import create_app
from shared.errors import SetupError
from shared.settings import Settings

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is tested


@pytest.mark.parametrize("changes", [{"host": EVERYWHERE}, {"public_host": "faces.example.org"}])
def test_an_api_that_would_be_open_to_everybody_by_accident_does_not_start(
    settings: Settings, changes: dict[str, str]
) -> None:
    with pytest.raises(SetupError, match="no API keys"):
        check_exposure(settings.model_copy(update=changes))


def test_a_public_address_without_keys_can_be_asked_for(settings: Settings) -> None:
    check_exposure(settings.model_copy(update={"host": EVERYWHERE, "allow_anonymous": True}))


@pytest.mark.parametrize(("allowed", "status"), [(False, 401), (True, 200)])
async def test_a_request_to_an_address_that_others_can_reach_needs_a_key_unless_the_settings_say_otherwise(
    settings: Settings, *, allowed: bool, status: int
) -> None:
    app = create_app(settings.model_copy(update={"allow_anonymous": allowed}))
    transport = httpx.ASGITransport(app)
    async with LifespanManager(app), httpx.AsyncClient(transport=transport, base_url="http://10.0.0.5") as client:
        assert (await client.get("/stats")).status_code == status


def test_a_file_of_keys_that_is_missing_is_said(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="No such file"):
        create_app(settings.model_copy(update={"api_keys_file": tmp_path / "missing.toml"}))
