"""Links and headings of Markdown files, as GitHub reads them."""

import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from tests.support.servers import ROOT

_FENCE = re.compile(r"^ *(```|~~~).*?^ *\1", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]+`")
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
_ID = re.compile(r"""<[^>]+\b(?:id|name)=["']([^"']+)["']""")
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
_ELSEWHERE = re.compile(r"^[a-z][a-z0-9+.-]*:|^//")


def headings(text: str) -> set[str]:
    """Return the anchors of a page: GitHub's names of its headings, and explicit ids."""
    found: dict[str, int] = {}
    for heading in _HEADING.findall(_FENCE.sub("", text)):
        words = _LINK.sub(r"\2", heading).replace("`", "").strip().lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        found[slug] = found.get(slug, -1) + 1
        if found[slug]:
            found[f"{slug}-{found[slug]}"] = 0
    return set(found) | set(_ID.findall(text))


def rewrite_links(text: str, change: Callable[[str, str, str], str]) -> str:
    """Replace each inline link outside of code that leads into the repository.

    Parameters
    ----------
    text
        A Markdown document.
    change
        Called with ``!`` or nothing, the link's text and its target; returns what is put in the link's place.

    """
    code: list[str] = []

    def keep(match: re.Match[str]) -> str:
        code.append(match[0])
        return f"\0{len(code) - 1}\0"

    def restore(some: str) -> str:
        return re.sub(r"\0(\d+)\0", lambda match: restore(code[int(match[1])]), some)

    def replace(match: re.Match[str]) -> str:
        mark, words, target = match.groups()
        inner = _LINK.sub(replace, words)  # a picture that is a link
        if _ELSEWHERE.match(target):
            return match[0] if inner == words else match[0].replace(words, inner)
        return change(mark, inner, target)

    return restore(_LINK.sub(replace, _CODE.sub(keep, _FENCE.sub(keep, text))))


def targets(text: str) -> list[str]:
    """Return the targets of all links into the repository."""
    found: list[str] = []

    def note(mark: str, words: str, target: str) -> str:
        found.append(target)
        return f"{mark}[{words}]({target})"

    rewrite_links(text, note)
    return found


def resolve(page: Path, target: str) -> tuple[Path, str]:
    """Return the file that a link of a page leads to, and the anchor in it or nothing."""
    place, _, anchor = target.partition("#")
    path = (page.parent / PurePosixPath(unquote(place))).resolve() if place else page.resolve()
    return path, unquote(anchor)


def broken_links(page: Path) -> list[str]:
    """Return what is wrong with the links of a Markdown file of this repository, a sentence each."""
    found = []
    for target in targets(page.read_text()):
        path, anchor = resolve(page, target)
        if not path.is_relative_to(ROOT) or not path.exists():
            found.append(f"{page.relative_to(ROOT)}: {target} does not exist")
        elif anchor and path.suffix == ".md" and anchor not in headings(path.read_text()):
            found.append(f"{page.relative_to(ROOT)}: {path.name} has no heading {anchor}")
    return found
