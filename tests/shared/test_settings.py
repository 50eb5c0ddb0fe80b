"""Settings from the environment and from files."""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.errors import SetupError
from shared.formats import FORMATS
from shared.settings import Settings, get_settings
from tests.support.servers import ROOT
from worker.vision.documents.pages import Limits
from worker.vision.quality import QualityLimits

DEFAULT_PAGES = Settings.model_fields["max_pages"].default


def set_only(monkeypatch: pytest.MonkeyPatch, folder: Path, **variables: str) -> None:
    """Set only these variables, in a folder without a settings file, and clear the cached settings."""
    monkeypatch.chdir(folder)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORS_ORIGINS", "https://one.example, https://two.example")
    assert Settings().cors_origins == ["https://one.example", "https://two.example"]


def test_hosts_are_names_without_scheme_and_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "Faces.example, *.internal.example, 10.0.0.5, [fd00::5], *")
    allowed = Settings().allowed_hosts
    assert allowed == ["faces.example", "*.internal.example", "10.0.0.5", "[fd00::5]", "*"]
    for wrong in ("https://faces.example", "faces.example:7860", "faces*", "*example", "a b"):
        monkeypatch.setenv("ALLOWED_HOSTS", wrong)
        with pytest.raises(ValidationError, match="host name"):
            Settings()


def test_documents_are_stored_in_the_data_directory_by_default(tmp_path: Path) -> None:
    assert Settings(data_dir=tmp_path).blobs_url == (tmp_path / "blobs").as_uri()
    assert Settings(storage_url="s3://bucket").blobs_url == "s3://bucket"


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "")
    assert Settings().embedded


def test_a_secret_in_a_file_counts_before_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "redis_url").write_text("redis://:password@redis:6379/0\n")
    options = {"access_key_id": "id", "secret_access_key": "key"}  # pragma: allowlist secret
    (tmp_path / "storage_options").write_text(json.dumps(options))
    monkeypatch.setenv("REDIS_URL", "redis://redis:6379/0")
    settings = Settings(_secrets_dir=tmp_path)
    assert settings.redis_url == "redis://:password@redis:6379/0"
    assert settings.storage_options is not None
    assert settings.storage_options.get_secret_value() == options
    assert "'key'" not in repr(settings)


@pytest.mark.parametrize(
    "wrong",
    [{"port": 0}, {"max_pages": 0}, {"vision_engine": "magic"}, {"result_ttl": "soon"}, {"master_key": "c2hvcnQ="}],
)
def test_invalid_values_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Settings(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("url", ["http://127.0.0.1:3000/d/nsfas", "https://grafana.example.org/d/nsfas?kiosk"])
def test_the_dashboard_is_a_url_for_browsers(url: str) -> None:
    assert Settings(grafana_url=url).grafana_url == url


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "grafana.example.org/d/nsfas", "https://", "https://admin:secret@grafana.example.org/"],
)
def test_a_dashboard_with_a_login_or_of_another_scheme_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        Settings(grafana_url=url)


def test_all_formats_are_accepted_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().accepted_formats == [each.name for each in FORMATS]
    monkeypatch.setenv("ACCEPTED_FORMATS", "jpeg, png,pdf")
    assert Settings().accepted_formats == ["jpeg", "png", "pdf"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("jpeg,gif", "accepted_formats.1: Input should be 'jpeg', "),
        (",", "accepted_formats: List should have at least"),
    ],
)
def test_unknown_or_missing_formats_are_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str, words: str
) -> None:
    set_only(monkeypatch, tmp_path, ACCEPTED_FORMATS=value)
    with pytest.raises(SetupError) as caught:
        get_settings()
    line = str(caught.value)
    assert line.startswith(f"settings: {words}")
    assert "\n" not in line


def test_a_setting_has_a_title_a_topic_and_a_description() -> None:
    names = [name for topic in Settings.topics() for name in topic.model_fields]
    assert names == list(Settings.model_fields)
    assert all(field.description for field in Settings.model_fields.values())
    assert all(topic.model_config.get("title") and topic.__doc__ for topic in Settings.topics())


def test_the_engine_alone_has_the_defaults_of_the_service() -> None:
    settings = Settings()
    assert Limits() == Limits(settings.max_pages, settings.max_pixels, frozenset(settings.accepted_formats))
    quality = {name: getattr(settings, f"quality_{name}") for name in asdict(QualityLimits())}
    assert quality == asdict(QualityLimits())


def test_all_invalid_settings_are_reported_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    set_only(monkeypatch, tmp_path, PORT="0", MAX_PAGES="many")
    with pytest.raises(SetupError, match=r"^settings: port: [^;]+; max_pages: [^;]+$"):
        get_settings()


def test_a_contradiction_between_two_settings_has_no_field_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    set_only(monkeypatch, tmp_path, MATCH_THRESHOLD="0.5", MATCH_FALSE_MATCH_RATE="0.001")
    with pytest.raises(SetupError, match=r"^settings: Value error, set MATCH_THRESHOLD or"):
        get_settings()


@pytest.mark.parametrize(("env_file", "pages"), [(None, 3), ("other.env", 4), ("", DEFAULT_PAGES)])
def test_settings_are_read_from_dot_env_or_from_what_env_file_names(
    tmp_path: Path, env_file: str | None, pages: int
) -> None:
    (tmp_path / ".env").write_text("MAX_PAGES=3\n")
    (tmp_path / "other.env").write_text("MAX_PAGES=4\n")
    assert int(read_settings(tmp_path, env_file).stdout) == pages


def test_a_file_with_settings_that_is_not_utf_8_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "latin.env").write_bytes(b"MAX_PAGES=3  # for the caf\xe9\n")
    done = read_settings(tmp_path, "latin.env")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(
        "shared.errors.SetupError: settings: latin.env cannot be read: 'utf-8' codec can't decode byte 0xe9 "
    )


def test_a_secret_that_is_not_utf_8_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "redis_url").write_bytes(b"redis://caf\xe9")
    set_only(monkeypatch, tmp_path)
    monkeypatch.setitem(Settings.model_config, "secrets_dir", tmp_path)
    with pytest.raises(SetupError, match=r'^settings: .*"redis_url"'):
        get_settings()


def read_settings(folder: Path, env_file: str | None) -> subprocess.CompletedProcess[str]:
    """Print MAX_PAGES in a process that reads the settings in this folder."""
    own = {name: value for name, value in os.environ.items() if name != "ENV_FILE"} | {"PYTHONPATH": str(ROOT)}
    own |= {} if env_file is None else {"ENV_FILE": env_file}
    command = [sys.executable, "-c", "from shared.settings import get_settings; print(get_settings().max_pages)"]
    return subprocess.run(command, cwd=folder, env=own, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("named", ["typo.env", "folder"])
def test_an_env_file_that_is_missing_or_a_folder_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, named: str
) -> None:
    (tmp_path / "folder").mkdir()
    set_only(monkeypatch, tmp_path, ENV_FILE=named)
    with pytest.raises(SetupError, match=f"^settings: ENV_FILE names {named}, which is not a file$"):
        get_settings()
