"""Documentation names files, tests and headings that exist."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).split("\0")  # noqa: S607
PAGES = [name for name in FILES if name.endswith(".md")]
TESTS = "\n".join((ROOT / name).read_text() for name in FILES if name.startswith("tests/") and name.endswith(".py"))

CODE = re.compile(r"`([^`\n]+)`")
OURS = re.compile(r"(?:api|bench|client|deploy|docs|shared|tests|worker)/[\w./-]+\.\w+|test_\w+(?:\.py)?")
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ +(.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", PAGES)
def test_files_and_tests_that_a_page_names_exist(name: str) -> None:
    named = {each for code in CODE.findall((ROOT / name).read_text()) for each in code.split() if OURS.fullmatch(each)}
    missing = {
        each
        for each in named
        if not (ROOT / each).exists()
        and not any(file.endswith(f"/{each}") for file in FILES)
        and not re.search(rf"\bdef {re.escape(each)}\b", TESTS)
    }
    assert not missing


@pytest.mark.parametrize("name", PAGES)
def test_links_within_the_repository_lead_somewhere(name: str) -> None:
    page = ROOT / name
    for path, anchor in LINK.findall(page.read_text()):
        target = page.parent / path if path else page
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), f"{path}#{anchor}"
