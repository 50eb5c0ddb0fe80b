"""The encoder and the match threshold that the settings select."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from shared.errors import SetupError
from shared.settings import Settings
from tests.support.custom_encoder import manifest
from worker.encoders import default_threshold, encoder_choice, verify_models, warn_of_unequal_error_rates
from worker.vision import EncoderChoice, ModelError, verify
from worker.vision.recognition.dlib_encoder import DLIB
from worker.vision.recognition.sface import SFACE


def test_sface_is_the_default_and_logs_no_warning() -> None:
    with capture_logs() as logs:
        warn_of_unequal_error_rates(Settings())
    assert encoder_choice(Settings()) == EncoderChoice("sface")
    assert logs == []


@pytest.mark.parametrize("settings", [{"face_encoder": "dlib"}, {"vision_engine": "face_recognition"}])
def test_dlib_is_used_on_request_and_logs_error_rates_by_group(settings: dict[str, Any]) -> None:
    with capture_logs() as logs:
        warn_of_unequal_error_rates(Settings(**settings))
    assert encoder_choice(Settings(**settings)).name == "dlib"
    assert verify(encoder=encoder_choice(Settings(**settings))) is DLIB
    (line,) = logs
    assert line["log_level"] == "warning"
    assert (line["black"], line["asian"], line["white"]) == (0.183, 0.242, 0.007)


@pytest.mark.parametrize(
    ("settings", "threshold"),
    [({}, None), ({"match_threshold": 0.4}, 0.4), ({"match_false_match_rate": 0.0001}, 0.5)],
    ids=["none", "a threshold", "a rate"],
)
def test_the_default_threshold_is_a_distance_or_follows_from_a_rate(
    settings: dict[str, float], threshold: float | None
) -> None:
    assert default_threshold(Settings(**settings), SFACE) == threshold  # type: ignore[arg-type]


@pytest.mark.parametrize(("calibration", "rate"), [(SFACE, 1e-6), (SFACE, 0.5), (DLIB, 1e-3)])
def test_an_unmeasured_rate_stops_the_start_with_one_line(calibration: Any, rate: float) -> None:
    with pytest.raises(SetupError, match="MATCH_FALSE_MATCH_RATE") as caught:
        default_threshold(Settings(match_false_match_rate=rate), calibration)
    assert "\n" not in str(caught.value)


def test_a_threshold_together_with_a_rate_is_rejected() -> None:
    with pytest.raises(ValidationError, match="not both"):
        Settings(match_threshold=0.5, match_false_match_rate=0.001)


@pytest.mark.long
def test_a_gpu_encoder_is_verified_in_another_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr("onnxruntime.InferenceSession", fail)
    encoder = manifest(tmp_path)
    verify_models(Settings(vision_provider="cuda", encoder_manifest=encoder, match_false_match_rate=0.001))
    with pytest.raises(SetupError, match="was measured from"):
        verify_models(Settings(vision_provider="cuda", encoder_manifest=encoder, match_false_match_rate=0.9))
    encoder.with_name("crude.onnx").write_bytes(b"another")
    with pytest.raises(ModelError, match=r"crude\.onnx"):
        verify_models(Settings(vision_provider="cuda", encoder_manifest=encoder))
