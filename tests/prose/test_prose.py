"""What the check of prose finds, and what it passes over."""

from pathlib import Path

import pytest

from tests.prose.__main__ import findings, register, vocabulary
from tests.prose.texts import descriptions, prose

register()


def found(folder: Path, name: str, text: str) -> list[str]:
    path = folder / name
    path.write_text(text)
    return list(findings(prose(path), name))


@pytest.mark.parametrize("word", vocabulary())
def test_every_word_of_the_vocabulary_is_found_in_documentation(tmp_path: Path, word: str) -> None:
    lines = found(tmp_path, "page.md", f"# A page\n\nIt has {word} in it.\n")
    assert any(line == f"page.md:3: '{word}': write '{vocabulary()[word]}'" for line in lines)


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.md", "It waits for\never.\n", 1),
        ("a.md", "`code` is kept\nbeside it.\n", 2),
        ("a.py", '"""Module."""\n\nx = 1  # thus\n', 3),
        ("a.py", 'def f():\n    """Return it.\n\n    Thus.\n    """\n', 4),
        ("a.py", 'raise ValueError("the file is wholly empty")\n', 1),
        ("a.js", "const x = 1;\n/* thus */\n", 2),
        ("a.js", "const x = `a file beside ${name}`;\n", 1),
        ("a.html", "<p>\nthus</p>\n", 2),
        ("a.yml", "x: 1\ny: 2  # thus\n", 2),
        ("Dockerfile", "FROM x\n# thus\n", 2),
        ("a.md", "We fixed the the bug.\n", 1),
    ],
)
def test_prose_is_checked_in_each_kind_of_file(tmp_path: Path, name: str, text: str, line: int) -> None:
    assert any(each.startswith(f"{name}:{line}: ") for each in found(tmp_path, name, text))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.md", "Set `beside` to 1.\n\n```\nthus\n```\n\nSee [this](thus.md) and https://example.com/thus.\n"),
        ("a.md", "## Seeds\n\nSeeds differ.\n"),
        ("a.md", "From `a` to `a`, and `b` `b`.\n"),
        ("a.py", 'thus = {"thus": b"0 0 is thus 0 0"}\n'),
        ("a.js", "const thus = a ?? b;\n"),
        ("a.html", '<p class="thus">Text</p>\n'),
        ("a.yml", "thus: thus\n"),
    ],
)
def test_code_is_not_checked(tmp_path: Path, name: str, text: str) -> None:
    assert not found(tmp_path, name, text)


def test_texts_of_a_description_are_found_and_its_examples_are_not() -> None:
    schema = {"A": {"description": "One", "example": {"description": "Two"}, "properties": [{"title": "Three"}]}}
    assert dict(descriptions(schema)) == {"/A/description": "One", "/A/properties/0/title": "Three"}
