"""The documentation says what the code does."""

from pathlib import Path

import pytest

from shared.formats import FORMATS, Format
from shared.settings import Settings
from worker.vision.selection import gate, scores

DOCS = Path(__file__).parents[1] / "docs"
SETTINGS = (DOCS / "settings.md").read_text()
EXAMPLE = (Path(__file__).parents[1] / ".env.example").read_text()


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_in_the_table_with_its_default_and_description(name: str) -> None:
    field = Settings.model_fields[name]
    value = ",".join(field.default) if isinstance(field.default, list) else field.default
    default = "not set" if value in {None, ""} else f"`{value}`"
    assert f"| `{name.upper()}` | {default} | {field.description} |" in SETTINGS


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_in_the_example_with_its_default(name: str) -> None:
    default = Settings.model_fields[name].default
    value = ",".join(default) if isinstance(default, list) else "" if default is None else default
    assert f"\n# {name.upper()}={value}\n" in EXAMPLE


@pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: str(format_.name))
def test_every_format_is_in_the_table(format_: Format) -> None:
    types, suffixes = (", ".join(f"`{each}`" for each in some) for some in (format_.media_types, format_.suffixes))
    assert f"| {format_.label} | `{format_.name}` | {types} | {suffixes} |" in (DOCS / "formats.md").read_text()


def test_the_rule_of_selection_is_the_documented_one() -> None:
    page = (DOCS / "extract-face.md").read_text()
    assert f"at least {gate.SURE} of the best" in page
    assert f"contrast is at least {gate.FAINT}" in page
    assert f"at least {gate.RIVAL} of its side is stronger" in page
    assert f"{scores.SIZE_WEIGHT} * size_score + {scores.POSITION_WEIGHT} * position_score" in page
