"""The documentation says what the code does."""

import subprocess
import sys
from pathlib import Path

import pytest

from shared.formats import FORMATS, Format
from shared.settings import Settings
from tests.support.servers import ROOT
from worker.vision.detection.centerface import CENTERFACE
from worker.vision.selection import candidate_filter, scores

DOCS = ROOT / "docs"
SETTINGS = (DOCS / "settings.md").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()


def shown(name: str) -> str:
    """Return a setting's default as it is written in the environment; nothing if it has none."""
    default = Settings.model_fields[name].default
    if isinstance(default, bool):
        return str(default).lower()
    return ",".join(default) if isinstance(default, list) else "" if default is None else str(default)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_in_the_table_with_its_default_and_description(name: str) -> None:
    default = f"`{shown(name)}`" if shown(name) else "not set"
    assert f"| `{name.upper()}` | {default} | {Settings.model_fields[name].description} |" in SETTINGS


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_in_the_example_with_its_default(name: str) -> None:
    assert f"\n# {name.upper()}={shown(name)}\n" in EXAMPLE


@pytest.mark.parametrize(("format_", "page"), [("markdown", SETTINGS), ("dotenv", EXAMPLE)])
def test_the_pages_of_the_settings_are_as_they_are_generated(format_: str, page: str) -> None:
    of_settings = ["--class", "shared.settings.Settings", "--templates", "deploy/settings"]
    generated = subprocess.run(
        [str(Path(sys.executable).parent / "settings-doc"), "generate", *of_settings, "--output-format", format_],
        cwd=ROOT,
        env={"PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert page == generated, "make settings"


@pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: str(format_.name))
def test_every_format_is_in_the_table(format_: Format) -> None:
    types, suffixes = (", ".join(f"`{each}`" for each in some) for some in (format_.media_types, format_.suffixes))
    assert f"| {format_.label} | `{format_.name}` | {types} | {suffixes} |" in (DOCS / "formats.md").read_text()


def test_the_rule_of_selection_is_the_documented_one() -> None:
    page = (DOCS / "extract-face.md").read_text()
    assert f"at least {CENTERFACE.candidates.min_relative_score} of the best" in page
    assert f"contrast is at least {CENTERFACE.candidates.min_contrast}" in page
    assert f"at least {candidate_filter.MIN_RIVAL_SIZE} of its side is stronger" in page
    assert f"{scores.SIZE_WEIGHT} * size_score + {scores.POSITION_WEIGHT} * position_score" in page
