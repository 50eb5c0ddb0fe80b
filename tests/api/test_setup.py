"""What keeps the API from starting is one clear line, said before anything is opened."""

from pathlib import Path

import httpx
import pytest
from asgi_lifespan import LifespanManager

from api.app import create_app
from api.auth.anonymous_access import check_exposure
from api.newkey import new_key
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


@pytest.mark.parametrize("there", ["a folder", "a link to nothing"])
def test_a_secret_that_is_no_file_is_no_reason_to_ask_for_no_keys(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: str
) -> None:
    monkeypatch.setattr("shared.settings.files.SECRETS", tmp_path)
    if there == "a folder":  # what Docker makes where the file that is mounted is missing
        (tmp_path / "api_keys").mkdir()
    else:
        (tmp_path / "api_keys").symlink_to(tmp_path / "nothing")
    with pytest.raises(SetupError, match="API keys"):
        create_app(settings)


def test_a_key_has_one_limit_of_each_kind(settings: Settings, tmp_path: Path) -> None:
    _, entry = new_key("form", ["submit"], {"rate": "1/second;5/minute"})
    (tmp_path / "keys.toml").write_text(entry)
    with pytest.raises(SetupError, match="one limit"):
        create_app(settings.model_copy(update={"api_keys_file": tmp_path / "keys.toml"}))


def test_a_file_of_keys_that_is_missing_is_said(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="No such file"):
        create_app(settings.model_copy(update={"api_keys_file": tmp_path / "missing.toml"}))
