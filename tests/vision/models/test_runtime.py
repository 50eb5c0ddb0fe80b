"""Both providers run the same graphs; without CUDA, both run on the CPU."""

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
def test_an_engine_reports_its_actual_provider(provider: Provider) -> None:
    engine = load_engine(provider=provider)
    has_cuda = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    assert engine.provider == ("cuda" if provider == "cuda" and has_cuda else "cpu")
    assert extract_face(jpeg(card()), engine=engine).faces[0].detection_score > 0.8


@pytest.mark.long
def test_libraries_store_no_identifier_in_the_home_directory(tmp_path: Path) -> None:
    """The environment has no variables of a CI, because onnxruntime disables its telemetry there."""
    directory = weights.load().detector.parent
    load = f"import worker.vision, pathlib; worker.vision.load_engine(model_directory=pathlib.Path({str(directory)!r}))"
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-c", load], cwd=ROOT, env=environment, check=True)
    assert list(tmp_path.rglob("*")) == []
