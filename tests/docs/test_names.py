"""Documentation names files, folders and tests that exist."""

import re
import subprocess

import pytest

from tests.support.servers import ROOT

FILES = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).split("\0")  # noqa: S607
PAGES = [name for name in FILES if name.endswith(".md")]
TESTS = "\n".join((ROOT / name).read_text() for name in FILES if name.startswith("tests/") and name.endswith(".py"))

CODE = re.compile(r"`([^`\n]+)`")
OURS = re.compile(r"(?:api|bench|client|deploy|docs|shared|tests|worker)/[\w./-]+\.\w+|test_\w+(?:\.py)?")


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


FOLDERS = "api|worker|shared|client|deploy|bench|tests|docs"
FOLDER_OR_FILE = re.compile(rf"`(?:[^`\n]* )?((?:app\.py|docker-compose\.yml|(?:{FOLDERS})/)[\w./-]*)(?: [^`\n]*)?`")


@pytest.mark.parametrize("page", ["docs/architecture.md", "docs/testing.md", "docs/console.md", "SECURITY.md"])
def test_the_paths_that_a_page_names_exist(page: str) -> None:
    named = FOLDER_OR_FILE.findall((ROOT / page).read_text())
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []
