"""Models are verified when they are prepared and whenever they are loaded."""

from pathlib import Path

import pytest

from worker.vision import ModelError, models


@pytest.fixture
def prepared(tmp_path: Path) -> models.ModelFiles:
    return models.load(tmp_path)


def test_models_are_prepared_once(prepared: models.ModelFiles, tmp_path: Path) -> None:
    stamps = [path.stat().st_mtime_ns for path in (prepared.detector, prepared.encoder, prepared.landmarks)]
    again = models.load(tmp_path)
    assert again == prepared
    assert [path.stat().st_mtime_ns for path in (again.detector, again.encoder, again.landmarks)] == stamps
    assert [path.name for path in tmp_path.iterdir()] == [prepared.detector.parent.name]


@pytest.mark.parametrize("name", ["detector", "encoder", "landmarks"])
def test_a_corrupt_model_is_refused_in_one_line(prepared: models.ModelFiles, tmp_path: Path, name: str) -> None:
    path: Path = getattr(prepared, name)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError, match="corrupt") as caught:
        models.load(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_missing_model_is_refused(prepared: models.ModelFiles, tmp_path: Path) -> None:
    prepared.encoder.unlink()
    with pytest.raises(ModelError, match="missing"):
        models.load(tmp_path)


def test_a_directory_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    with pytest.raises(ModelError, match="cannot write"):
        models.load(tmp_path / "file")


def test_weights_that_are_not_the_pinned_ones_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_bytes", lambda _: b"something else")
    with pytest.raises(ModelError, match="SHA-256"):
        models.load(tmp_path)
    monkeypatch.undo()
    assert not any(tmp_path.iterdir())
