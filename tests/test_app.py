"""What keeps the whole system from starting is found before anything starts, and is one clear line."""

import shlex
from pathlib import Path
from typing import Any

import pytest

from api.auth.anonymous_access import check_exposure
from app import check, command
from shared.errors import SetupError
from shared.settings import Settings
from tests.support.servers import ROOT, free_port
from worker.vision import ModelError
from worker.vision.models import weights

CALLBACK_SECRET = "whsec_YSBrZXkgb2YgdHdlbnR5LWZvdXIgYnl0ZXM="  # noqa: S105  # pragma: allowlist secret


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path / "data", port=free_port())


def test_the_command_of_a_good_set_up_is_a_supervisor(settings: Settings) -> None:
    assert "supervisor.supervisord" in command(settings)
    assert "[program:callbacks]" not in (settings.data_dir / "supervisord.conf").read_text()


def test_with_a_redis_elsewhere_it_is_the_api_alone(settings: Settings) -> None:
    assert command(settings.model_copy(update={"redis_url": "redis://elsewhere"}))[1:] == ["-m", "api"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"host": "0.0.0.0"}, "no API keys"),  # noqa: S104 - what is tested
        ({"public_host": "faces.example.org"}, "no API keys"),
        ({"api_keys_file": Path("missing.toml")}, "No such file"),
    ],
)
def test_a_system_that_would_be_open_to_everybody_by_accident_is_refused(
    settings: Settings, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(SetupError, match=words):
        command(settings.model_copy(update=changes))


def image_settings() -> Settings:
    """Return the settings that the image of the whole system has where nobody gives it any."""
    last = (ROOT / "Dockerfile").read_text().replace("\\\n", "").rpartition("\nENV ")[2].partition("\n")[0]
    pairs = (word.partition("=") for word in shlex.split(last))
    variables: dict[str, Any] = {name.lower(): value for name, _, value in pairs}
    return Settings(_env_file=None, **variables)


def test_the_image_asks_for_keys_or_says_in_one_line_how_to_run_it_open() -> None:
    settings = image_settings()
    assert settings.host == "0.0.0.0"  # noqa: S104 - an image that nobody could reach would prove nothing
    with pytest.raises(SetupError) as raised:
        check(settings)
    line = str(raised.value)
    assert "\n" not in line
    assert all(
        name in line for name in ("API_KEYS_FILE", "PUBLIC_HOST=127.0.0.1", "ALLOW_ANONYMOUS=true", "ALLOWED_HOSTS")
    )


@pytest.mark.parametrize("changes", [{"allow_anonymous": True}, {"public_host": "127.0.0.1"}])
def test_the_image_starts_without_keys_where_it_is_told_so(changes: dict[str, object]) -> None:
    check_exposure(image_settings().model_copy(update=changes))


def test_a_missing_model_is_named(settings: Settings, tmp_path: Path) -> None:
    weights.load(tmp_path / "models").detector.unlink()
    with pytest.raises(ModelError, match=r"centerface\.onnx"):
        command(settings.model_copy(update={"model_dir": tmp_path / "models"}))


def test_a_data_directory_that_cannot_be_written_is_named(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    with pytest.raises(SetupError, match="cannot be written"):
        command(settings.model_copy(update={"data_dir": tmp_path / "file" / "data"}))


def test_callbacks_without_a_secret_are_refused_and_with_one_have_a_program_of_their_own(settings: Settings) -> None:
    callbacks = settings.model_copy(update={"callback_hosts": ["forms.example.org"]})
    with pytest.raises(SetupError, match="CALLBACK_SECRET"):
        command(callbacks)
    # As the settings read it from a file or the environment.
    signed = Settings(_env_file=None, **{**callbacks.model_dump(), "callback_secret": CALLBACK_SECRET})
    command(signed)
    assert "[program:callbacks]" in (settings.data_dir / "supervisord.conf").read_text()
