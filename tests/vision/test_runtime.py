"""The same graphs under both names of the provider; without CUDA both run on the CPU."""

from typing import get_args

import onnxruntime
import pytest

from tests.compose import card, jpeg
from worker.vision import extract_face, load_engine
from worker.vision.runtime import Provider


@pytest.mark.parametrize("provider", get_args(Provider))
def test_an_engine_runs_under_either_name_and_says_where(provider: Provider) -> None:
    engine = load_engine(provider=provider)
    has_cuda = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    assert engine.provider == ("cuda" if provider == "cuda" and has_cuda else "cpu")
    assert extract_face(jpeg(card()), engine=engine).faces[0].detection_score > 0.8
