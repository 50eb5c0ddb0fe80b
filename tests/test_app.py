"""What keeps the whole system from starting is found before anything starts, and is one clear line."""

from pathlib import Path

import pytest

from app import command
from shared.errors import SetupError
from shared.settings import Settings
from tests.servers import free_port
from worker.vision import ModelError, models

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


def test_a_missing_model_is_named(settings: Settings, tmp_path: Path) -> None:
    models.load(tmp_path / "models").detector.unlink()
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
