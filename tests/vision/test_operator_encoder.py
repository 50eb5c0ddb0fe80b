"""An operator's own encoder: any ONNX network by a manifest, and one clear line where the manifest is wrong."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.compose import card, jpeg, png
from tests.photos import photo
from worker.vision import ModelError, compare_faces, load_engine, verify
from worker.vision.geometry import similarity
from worker.vision.operator_encoder import OperatorEncoder

SIZE = 112
ARCFACE = [[38.29, 51.70], [73.53, 51.50], [56.03, 71.74], [41.55, 92.37], [70.73, 92.20]]


def network() -> bytes:
    """Return a network that shrinks its input to 8 by 8 by 3 and takes out the mean: crude, but it sees the face."""
    weight = numpy_helper.from_array(np.full((1,), 1.0, np.float32), "one")
    nodes = [
        helper.make_node("AveragePool", ["x"], ["pooled"], kernel_shape=[14, 14], strides=[14, 14]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("ReduceMean", ["flat"], ["mean"], axes=[1], keepdims=1),
        helper.make_node("Sub", ["flat", "mean"], ["centred"]),
        helper.make_node("Mul", ["centred", "one"], ["embedding"]),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, SIZE, SIZE])
    embedding = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", 192])
    graph = helper.make_graph(nodes, "crude", [x], [embedding], [weight])
    data: bytes = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8
    ).SerializeToString()
    return data


def manifest(folder: Path, **changes: Any) -> Path:
    (folder / "crude.onnx").write_bytes(network())
    content = {
        "model": "crude.onnx",
        "sha256": hashlib.sha256(network()).hexdigest(),
        "width": SIZE,
        "height": SIZE,
        "colour": "RGB",
        "mean": [127.5, 127.5, 127.5],
        "scale": 1 / 128,
        "template": ARCFACE,
        "metric": "cosine",
        "threshold": 0.3,
        "false_match_rates": [[0.1, 0.001], [0.5, 0.1]],
    }
    path = folder / "manifest.json"
    path.write_text(json.dumps({name: value for name, value in (content | changes).items() if value is not None}))
    return path


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("colour", ["RGB", "BGR"])
@pytest.mark.parametrize("mirror", [False, True])
def test_a_comparison_is_by_the_manifest(tmp_path: Path, metric: str, colour: str, *, mirror: bool) -> None:
    engine = load_engine(encoder_manifest=manifest(tmp_path, metric=metric, colour=colour, mirror=mirror))
    itself = compare_faces(jpeg(card()), jpeg(card()), engine=engine)
    assert itself.distance == pytest.approx(0, abs=1e-4)
    assert itself.match
    assert itself.threshold == 0.3
    assert itself.false_match_rate == pytest.approx(0.001)
    # The same face elsewhere and otherwise lit is nearer than another person's: the alignment works.
    same = compare_faces(png(photo("astronaut")), jpeg(card("astronaut")), engine=engine)
    other = compare_faces(png(photo("astronaut")), jpeg(card("biden")), engine=engine)
    assert same.distance < 0.5 * other.distance
    assert not other.match


def test_landmarks_go_to_the_template() -> None:
    template = np.array(ARCFACE)
    turned = (template @ np.array([[0.0, 3.0], [-3.0, 0.0]])) + [5, 7]
    matrix = similarity(turned, template)
    np.testing.assert_allclose(turned @ matrix[:, :2].T + matrix[:, 2], template, atol=1e-9)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"metric": "manhattan"}, "metric"),
        ({"threshold": 0}, "threshold"),
        ({"template": ARCFACE[:4]}, "template"),
        ({"width": None}, "width"),
        ({"sha256": "0" * 64}, "SHA-256"),
        ({"model": "missing.onnx"}, "missing.onnx"),
        ({"width": 96}, "does not fit"),
        ({"false_match_rates": [[0.5, 0.1], [0.1, 0.2]]}, "increase"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_wrong_manifest_is_refused_in_one_line(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    path = manifest(tmp_path, **changes)
    with pytest.raises(ModelError, match=words) as caught:
        verify(encoder_manifest=path)
    assert "\n" not in str(caught.value)


def test_a_missing_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        OperatorEncoder(tmp_path / "none.json")


def test_the_network_of_the_tests_is_valid() -> None:
    onnx.checker.check_model(onnx.load_from_string(network()))
