"""Settings come from the environment, from files, and from nowhere else."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.settings import Settings


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORS_ORIGINS", "https://one.example, https://two.example")
    assert Settings(_env_file=None).cors_origins == ["https://one.example", "https://two.example"]


def test_documents_are_stored_below_the_data_directory_unless_told_otherwise(tmp_path: Path) -> None:
    assert Settings(_env_file=None, data_dir=tmp_path).blobs_url == (tmp_path / "blobs").as_uri()
    assert Settings(_env_file=None, storage_url="s3://bucket").blobs_url == "s3://bucket"


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "")
    assert Settings(_env_file=None).embedded


def test_a_secret_in_a_file_counts_before_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "redis_url").write_text("redis://:password@redis:6379/0\n")
    options = {"access_key_id": "id", "secret_access_key": "key"}  # pragma: allowlist secret
    (tmp_path / "storage_options").write_text(json.dumps(options))
    monkeypatch.setenv("REDIS_URL", "redis://redis:6379/0")
    settings = Settings(_env_file=None, _secrets_dir=tmp_path)
    assert settings.redis_url == "redis://:password@redis:6379/0"
    assert settings.storage_options is not None
    assert settings.storage_options.get_secret_value() == options
    assert "'key'" not in repr(settings)


@pytest.mark.parametrize(
    "wrong",
    [{"port": 0}, {"max_pages": 0}, {"vision_engine": "magic"}, {"result_ttl": "soon"}, {"master_key": "c2hvcnQ="}],
)
def test_a_value_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Settings(_env_file=None, **wrong)  # type: ignore[arg-type]
