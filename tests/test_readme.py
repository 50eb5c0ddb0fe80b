"""The README says what the code does."""

from pathlib import Path

import pytest

from shared.formats import FORMATS, Format
from shared.settings import Settings
from worker.vision.selection import gate, scores

README = (Path(__file__).parents[1] / "README.md").read_text()
SETTINGS = (Path(__file__).parents[1] / "docs" / "settings.md").read_text()
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
    assert f"| {format_.label} | `{format_.name}` | {types} | {suffixes} |" in README


def test_the_rule_of_selection_is_the_one_in_the_readme() -> None:
    assert f"at least {gate.SURE} of the best" in README
    assert f"contrast is at least {gate.FAINT}" in README
    assert f"at least {gate.RIVAL} of its side is stronger" in README
    assert f"{scores.SIZE_WEIGHT} * size_score + {scores.POSITION_WEIGHT} * position_score" in README
