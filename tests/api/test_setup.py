"""Invalid settings are reported in one line at startup, before connections are opened."""

from pathlib import Path

import httpx
import pytest
from asgi_lifespan import LifespanManager

from api.app import create_app
from api.auth.anonymous_access import check_exposure
from api.newkey import new_key
from shared.errors import SetupError
from shared.settings import Settings

EVERYWHERE = "0.0.0.0"  # noqa: S104 - the subject of the test


@pytest.mark.parametrize("changes", [{"host": EVERYWHERE}, {"public_host": "faces.example.org"}])
def test_an_api_without_keys_does_not_start_on_a_public_address(settings: Settings, changes: dict[str, str]) -> None:
    with pytest.raises(SetupError, match="no API keys"):
        check_exposure(settings.model_copy(update=changes))


def test_a_public_address_without_keys_can_be_allowed(settings: Settings) -> None:
    check_exposure(settings.model_copy(update={"host": EVERYWHERE, "allow_anonymous": True}))


@pytest.mark.parametrize(("allowed", "status"), [(False, 401), (True, 200)])
async def test_requests_to_a_public_address_need_a_key_unless_the_settings_allow_everybody(
    settings: Settings, *, allowed: bool, status: int
) -> None:
    app = create_app(settings.model_copy(update={"allow_anonymous": allowed}))
    transport = httpx.ASGITransport(app)
    async with LifespanManager(app), httpx.AsyncClient(transport=transport, base_url="http://10.0.0.5") as client:
        assert (await client.get("/stats")).status_code == status


@pytest.mark.parametrize("there", ["a folder", "a link to nothing"])
def test_a_secret_that_is_not_a_file_does_not_disable_authentication(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: str
) -> None:
    monkeypatch.setattr("shared.settings.files.SECRETS", tmp_path)
    if there == "a folder":  # Docker creates a folder if the mounted file is missing
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


def test_a_missing_file_of_keys_is_an_error(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="No such file"):
        create_app(settings.model_copy(update={"api_keys_file": tmp_path / "missing.toml"}))
