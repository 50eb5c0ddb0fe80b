"""The same graphs under both names of the provider; without CUDA both run on the CPU."""

import subprocess
import sys
from pathlib import Path
from typing import get_args

import onnxruntime
import pytest

from tests.support.compose import card, jpeg
from tests.support.servers import ROOT
from worker.vision import extract_face, load_engine
from worker.vision.models import weights
from worker.vision.models.runtime import Provider


@pytest.mark.parametrize("provider", get_args(Provider))
def test_an_engine_runs_under_either_name_and_says_where(provider: Provider) -> None:
    engine = load_engine(provider=provider)
    has_cuda = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    assert engine.provider == ("cuda" if provider == "cuda" and has_cuda else "cpu")
    assert extract_face(jpeg(card()), engine=engine).faces[0].detection_score > 0.8


def test_nothing_is_sent_to_the_makers_of_libraries_and_no_identifier_is_kept(tmp_path: Path) -> None:
    """Without the variables of a CI either, which silence onnxruntime by themselves."""
    directory = weights.load().detector.parent
    load = f"import worker.vision, pathlib; worker.vision.load_engine(model_directory=pathlib.Path({str(directory)!r}))"
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-c", load], cwd=ROOT, env=environment, check=True)
    assert list(tmp_path.rglob("*")) == []
