"""Problems that prevent the system from starting are reported in one line before anything starts."""

import shlex
from pathlib import Path
from typing import Any

import pytest

from api.auth.anonymous_access import check_exposure
from app import check_setup, start_command
from shared.errors import SetupError
from shared.settings import Settings
from tests.support.servers import ROOT, free_port
from worker.vision import ModelError
from worker.vision.models import weights

CALLBACK_SECRET = "whsec_YSBrZXkgb2YgdHdlbnR5LWZvdXIgYnl0ZXM="  # noqa: S105  # pragma: allowlist secret


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", port=free_port())


def test_the_start_command_runs_a_supervisor(settings: Settings) -> None:
    assert "supervisor.supervisord" in start_command(settings)
    assert "[program:callbacks]" not in (settings.data_dir / "supervisord.conf").read_text()


def test_with_redis_url_the_start_command_runs_only_the_api(settings: Settings) -> None:
    assert start_command(settings.model_copy(update={"redis_url": "redis://elsewhere"}))[1:] == ["-m", "api"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"host": "0.0.0.0"}, "no API keys"),  # noqa: S104 - the subject of the test
        ({"public_host": "faces.example.org"}, "no API keys"),
        ({"api_keys_file": Path("missing.toml")}, "No such file"),
    ],
)
def test_a_public_address_without_keys_is_refused(settings: Settings, changes: dict[str, object], words: str) -> None:
    with pytest.raises(SetupError, match=words):
        start_command(settings.model_copy(update=changes))


def image_settings() -> Settings:
    """Return the default settings of the image of the whole system."""
    last = (ROOT / "Dockerfile").read_text().replace("\\\n", "").rpartition("\nENV ")[2].partition("\n")[0]
    pairs = (word.partition("=") for word in shlex.split(last))
    variables: dict[str, Any] = {name.lower(): value for name, _, value in pairs}
    return Settings(**variables)


def test_the_image_needs_keys_or_reports_in_one_line_how_to_run_without() -> None:
    settings = image_settings()
    assert settings.host == "0.0.0.0"  # noqa: S104 - otherwise the test would be useless
    with pytest.raises(SetupError) as raised:
        check_setup(settings)
    line = str(raised.value)
    assert "\n" not in line
    assert all(
        name in line for name in ("API_KEYS_FILE", "PUBLIC_HOST=127.0.0.1", "ALLOW_ANONYMOUS=true", "ALLOWED_HOSTS")
    )


@pytest.mark.parametrize("changes", [{"allow_anonymous": True}, {"public_host": "127.0.0.1"}])
def test_the_image_starts_without_keys_if_the_settings_allow_it(changes: dict[str, object]) -> None:
    check_exposure(image_settings().model_copy(update=changes))


def test_the_error_names_a_missing_model(settings: Settings, tmp_path: Path) -> None:
    weights.load(tmp_path / "models").detector.unlink()
    with pytest.raises(ModelError, match=r"centerface\.onnx"):
        start_command(settings.model_copy(update={"model_dir": tmp_path / "models"}))


def test_the_error_names_a_data_directory_that_is_not_writable(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    with pytest.raises(SetupError, match="not writable"):
        start_command(settings.model_copy(update={"data_dir": tmp_path / "file" / "data"}))


def test_webhooks_need_a_secret_and_have_their_own_program(settings: Settings) -> None:
    callbacks = settings.model_copy(update={"callback_hosts": ["forms.example.org"]})
    with pytest.raises(SetupError, match="CALLBACK_SECRET"):
        start_command(callbacks)
    # As read from a file or the environment.
    signed = Settings(**{**callbacks.model_dump(), "callback_secret": CALLBACK_SECRET})
    start_command(signed)
    assert "[program:callbacks]" in (settings.data_dir / "supervisord.conf").read_text()
