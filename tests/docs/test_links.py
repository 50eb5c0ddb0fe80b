"""Links and anchors in the Markdown files lead somewhere."""

import subprocess
from pathlib import Path

import pytest

from tests.docs.markdown import broken_links, headings, rewrite_links
from tests.support.servers import ROOT

_COMMAND = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"]
LISTED = subprocess.run(_COMMAND, cwd=ROOT, check=True, capture_output=True, text=True).stdout
PAGES = [Path(name) for name in LISTED.split("\0") if name and (ROOT / name).exists()]


def test_the_readme_and_the_security_page_are_among_the_pages() -> None:
    assert {Path("README.md"), Path("SECURITY.md"), Path("docs/api.md")} <= set(PAGES)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_no_link_is_broken(page: Path) -> None:
    assert broken_links(ROOT / page) == []


def test_broken_links_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.docs.markdown.ROOT", tmp_path)
    (tmp_path / "other.md").write_text("# A heading\n```\n# no heading\n```\n")
    page = tmp_path / "page.md"
    page.write_text(
        "[a](other.md#a-heading) [b](other.md#no-heading) ![c](none.png) [`d`](/etc/passwd) `[e](none)` [f](https://x.org)\n"
        "[![g](gone.png)](other.md)\n"
    )
    assert broken_links(page) == [
        "page.md: other.md has no heading no-heading",
        "page.md: none.png does not exist",
        "page.md: /etc/passwd does not exist",
        "page.md: gone.png does not exist",
    ]


def test_headings_have_the_names_that_github_gives_them() -> None:
    assert headings("# One `two`, three\n## One\n## One\n") == {"one-two-three", "one", "one-1"}


def test_code_is_left_as_it_is() -> None:
    text = "`[a](b)` [c](d)\n```\n[e](f)\n```\n"
    assert rewrite_links(text, lambda mark, words, target: f"{mark}<{words}|{target}>") == (
        "`[a](b)` <c|d>\n```\n[e](f)\n```\n"
    )
