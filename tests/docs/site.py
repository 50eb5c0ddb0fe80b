"""``make docs``: the documentation site, from the Markdown files, the docstrings and the OpenAPI description."""

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import fastapi_offline

from tests.docs.html import problems
from tests.docs.markdown import resolve, rewrite_links
from tests.support.openapi import openapi_description
from tests.support.sdists import CACHE
from tests.support.servers import ROOT

PAGES = ROOT / ".site"
"""What Zensical reads, as ``zensical.toml`` says."""

SITE = ROOT / "site"

MERMAID = "12.3.0"
MERMAID_SHA256 = "336df803d87a38b70a01e736e666c8f7601d2ce42f5e47c8fafe5d721074b9a3"
"""Of ``mermaid.min.js``."""


def sources() -> dict[Path, PurePosixPath]:
    """Return the Markdown files, each with its place in the site."""
    top = {"README.md": "index.md"}
    pages = {page: PurePosixPath(top.get(page.name, page.name.lower())) for page in ROOT.glob("*.md")}
    docs = ROOT / "docs"
    for page in docs.rglob("*.md"):
        place = PurePosixPath(page.relative_to(docs))
        pages[page] = place.with_name("index.md") if page.name == "README.md" else place
    return pages


def staged(page: Path, places: dict[Path, PurePosixPath], scripts: str) -> str:
    """Return a page with its links changed to the site's. Links to files that the site lacks become plain text."""
    here = places[page]

    def change(mark: str, words: str, target: str) -> str:
        if target.startswith("#"):
            return f"{mark}[{words}]({target})"
        path, anchor = resolve(page, target)
        if path in places:
            place = places[path]
        elif path.is_relative_to(ROOT / "docs") and path.is_file():
            place = PurePosixPath(path.relative_to(ROOT / "docs"))
        else:
            return words
        up = "../" * (len(here.parts) - 1)
        return f"{mark}[{words}]({up}{place}{'#' if anchor else ''}{anchor})"

    text = page.read_text()
    if text.startswith("---\n"):  # for Hugging Face
        text = text.partition("\n---\n")[2].lstrip()
    up = "../" * (len(here.parts) - 1)
    return rewrite_links(text, change) + (scripts.replace("@", up) if "```mermaid" in text else "")


def mermaid() -> Path | None:
    """Return the script that draws diagrams, from the cache or npm's registry; None if neither has it."""
    kept = CACHE / f"mermaid-{MERMAID}.min.js"
    npm = shutil.which("npm")
    if not kept.exists() and npm:
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            if subprocess.run([npm, "pack", "--silent", f"mermaid@{MERMAID}"], cwd=folder, check=False).returncode:
                return None
            with tarfile.open(Path(folder) / f"mermaid-{MERMAID}.tgz") as archive:
                archive.extract("package/dist/mermaid.min.js", folder, filter="data")
            (Path(folder) / "package/dist/mermaid.min.js").replace(kept)
    if not kept.exists():
        return None
    if hashlib.sha256(kept.read_bytes()).hexdigest() != MERMAID_SHA256:
        kept.unlink()
        raise SystemExit(f"mermaid {MERMAID} is not the file whose SHA-256 is known")
    return kept


def not_in_navigation(places: Iterable[PurePosixPath]) -> list[str]:
    """Return what is wrong with the navigation: it has to name each page, or the ``index.md`` of the page's folder."""
    navigation = repr(tomllib.loads((ROOT / "zensical.toml").read_text())["project"]["nav"])

    def named(place: PurePosixPath) -> bool:
        index = place.with_name("index.md") if place.parts[1:] else place
        return f"'{place}'" in navigation or f"'{index}'" in navigation

    return [f"{place} is not in the navigation of zensical.toml" for place in places if not named(place)]


def stage() -> bool:
    """Write what Zensical reads; return whether pages need nothing of other servers."""
    shutil.rmtree(PAGES, ignore_errors=True)
    shutil.copytree(ROOT / "docs", PAGES, ignore=shutil.ignore_patterns("*.md"))
    script = mermaid()
    if script:
        shutil.copy(script, PAGES / "mermaid.min.js")
    scripts = '\n<script src="@mermaid.min.js"></script>\n' if script else ""
    places = sources()
    for page, place in places.items():
        (PAGES / place).parent.mkdir(parents=True, exist_ok=True)
        (PAGES / place).write_text(staged(page, places, scripts))
    reference = PAGES / "reference"
    for name in ("swagger-ui-bundle.js", "swagger-ui.css"):
        shutil.copy(Path(fastapi_offline.__file__).parent / "static" / name, reference)
    description = json.dumps(openapi_description(), indent=1)
    (reference / "openapi.json").write_text(description)
    (reference / "openapi.js").write_text(f"window.openapi = {description};\n")
    return script is not None


def main() -> None:
    """Build the site; fails on a broken link and on a page that would load something from another server."""
    if missing := not_in_navigation(sources().values()):
        raise SystemExit("\n".join(missing))
    alone = stage()
    if not alone:
        print("Mermaid was not downloaded from npm: pages with diagrams load it from unpkg.com", file=sys.stderr)
    zensical = Path(sys.executable).with_name("zensical")
    built = subprocess.run([zensical, "build", "--strict", "--clean"], cwd=ROOT, check=False)
    if built.returncode:
        raise SystemExit("the site was not built")
    if found := problems(SITE):
        raise SystemExit("\n".join(found))


if __name__ == "__main__":
    main()
