"""Custom encoders: any ONNX network with a manifest, and a clear error of one line if the manifest is invalid."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from tests.support.compose import card, jpeg, png
from tests.support.custom_encoder import ARCFACE, constant_network, manifest, network
from tests.support.photos import photo
from worker.vision import EncoderChoice, Engine, ModelError, compare_faces, load_engine, verify
from worker.vision.geometry import similarity
from worker.vision.recognition.custom_encoder import load_custom_encoder


def loaded(path: Path) -> Engine:
    return load_engine(encoder=EncoderChoice(manifest=path))


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("colour", ["RGB", "BGR"])
@pytest.mark.parametrize("mirror", [False, True])
def test_a_comparison_follows_the_manifest(tmp_path: Path, metric: str, colour: str, *, mirror: bool) -> None:
    engine = loaded(manifest(tmp_path, metric=metric, colour=colour, mirror=mirror))
    itself = compare_faces(jpeg(card()), jpeg(card()), engine=engine)
    assert itself.distance == pytest.approx(0, abs=1e-4)
    assert itself.match
    assert itself.threshold == 0.6
    assert itself.threshold_false_match_rate == pytest.approx(0.001)
    assert itself.false_match_rate == pytest.approx(0.00001)
    # The same face at another position and with other light is nearer than another person's: the alignment works.
    same = compare_faces(png(photo("astronaut")), jpeg(card("astronaut")), engine=engine)
    other = compare_faces(png(photo("astronaut")), jpeg(card("biden")), engine=engine)
    assert same.distance < 0.5 * other.distance
    assert not other.match


def test_landmarks_are_mapped_to_the_template() -> None:
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
        ({"false_match_rates": [[0.1, 0.1], [0.5, 0.1]]}, "increase"),
        ({"false_match_rates": [[0.0, 0.1]]}, "false_match_rates"),
        ({"false_match_rates": []}, "threshold is missing"),
        ({"layout": "NHWC"}, "does not fit"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_an_invalid_manifest_is_refused_with_one_line(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    path = manifest(tmp_path, **changes)
    with pytest.raises(ModelError, match=words) as caught:
        verify(encoder=EncoderChoice(manifest=path))
    assert "\n" not in str(caught.value)


def test_a_missing_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        load_custom_encoder(tmp_path / "none.json")


def test_the_network_of_the_tests_is_valid() -> None:
    onnx.checker.check_model(onnx.load_from_string(network()))


@pytest.mark.parametrize(
    "published",
    [{"weights_as_inputs": True}, {"batch": 1}, {"batch": 1, "weights_as_inputs": True}, {"layout": "NHWC"}],
    ids=["weights among the inputs", "a batch of 1", "both", "channels last"],
)
def test_published_forms_of_a_network_give_the_same_distances(tmp_path: Path, published: dict[str, Any]) -> None:
    plain, other = tmp_path / "plain", tmp_path / "other"
    plain.mkdir()
    other.mkdir()
    layout = published.get("layout", "NCHW")
    engines = [loaded(manifest(plain)), loaded(manifest(other, network(**published), layout=layout))]
    distances = [compare_faces(jpeg(card("obama")), jpeg(card("biden")), engine=each).distance for each in engines]
    assert distances[1] == pytest.approx(distances[0], abs=1e-5)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (network(batch=4), "4 faces at once"),
        (network(batch=2), "2 faces at once"),
        (b"no network", "cannot be loaded"),
        (constant_network(), "the same embedding"),
    ],
    ids=["a batch of 4", "a batch of 2", "no graph", "one embedding for all"],
)
def test_an_unusable_network_is_refused_with_one_short_line(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(ModelError, match=words) as caught:
        verify(encoder=EncoderChoice(manifest=manifest(tmp_path, data)))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_threshold_with_measured_rates_is_converted_to_the_scale(tmp_path: Path) -> None:
    both = manifest(tmp_path, threshold=0.5)
    assert verify(encoder=EncoderChoice(manifest=both)).threshold == pytest.approx(0.8)


def test_without_measured_rates_distances_are_raw(tmp_path: Path) -> None:
    engine = loaded(manifest(tmp_path, threshold=0.3, false_match_rates=[]))
    comparison = compare_faces(jpeg(card("obama")), jpeg(card("biden")), engine=engine)
    assert comparison.threshold == 0.3
    assert comparison.false_match_rate is None
    assert comparison.distance < 1
