"""The examples in the client's documentation run as shown."""

import doctest
import importlib
import pkgutil
from pathlib import Path

import face_intake
import pytest

from tests.support.servers import ROOT, System

OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL
MODULES = [module.name for module in pkgutil.walk_packages(face_intake.__path__, "face_intake.")]
GUIDE = ROOT / "docs" / "client.md"


@pytest.fixture(autouse=True)
def _example_environment(system: System, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACE_INTAKE_URL", system.url)
    monkeypatch.chdir(files)


def test_the_examples_of_the_reference_run() -> None:
    results = [doctest.testmod(importlib.import_module(name), optionflags=OPTIONS) for name in MODULES]
    assert sum(result.failed for result in results) == 0
    assert sum(result.attempted for result in results) > 8


def test_the_examples_of_the_guide_run() -> None:
    result = doctest.testfile(str(GUIDE), module_relative=False, optionflags=OPTIONS)
    assert result.failed == 0
    assert result.attempted > 5
