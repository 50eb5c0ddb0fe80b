"""What is wrong with the pages of a built site: broken links, and what they would load from other servers."""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_LOADED = {
    ("script", "src"),
    ("img", "src"),
    ("source", "src"),
    ("iframe", "src"),
    ("video", "src"),
    ("object", "data"),
}


class Page(HTMLParser):
    """What a page links to, what it loads, and its anchors."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.loaded: set[str] = set()
        self.anchors: set[str] = {""}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        loads = {value for name, value in values.items() if (tag, name) in _LOADED}
        if tag == "link" and values.get("rel") not in {"canonical", "alternate", "next", "prev"}:
            loads.add(values.get("href", ""))
        self.loaded |= loads
        self.links |= loads | ({values["href"]} if "href" in values else set())


def problems(site: Path) -> list[str]:
    """Return what is wrong, a sentence each."""
    pages = {path: Page(path.read_text()) for path in site.rglob("*.html")}
    found = []
    for path, page in sorted(pages.items()):
        name = path.relative_to(site)
        found += [f"{name} loads {url}" for url in sorted(page.loaded) if urlsplit(url).netloc]
        for url in sorted(page.links):
            parts = urlsplit(url)
            if parts.scheme or parts.netloc or path.name == "404.html":
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            if not target.exists():
                found.append(f"{name}: {url} does not exist")
            elif target in pages and unquote(parts.fragment) not in pages[target].anchors:
                found.append(f"{name}: {url} has no such anchor")
    return found
