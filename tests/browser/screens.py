"""Screenshots of every screen, light and dark, desktop and phone: ``python -m tests.browser.screens`` creates them."""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import httpx
from playwright.sync_api import Browser, FilePayload, FloatRect, Page, ViewportSize, expect

from tests.browser import documents
from tests.browser.chromium import chromium
from tests.browser.film import held_selfie, show
from tests.support.servers import ROOT, running

FOLDER = ROOT / "docs" / "screens"
SIZES = {"desktop": (1200, 800), "phone": (360, 740)}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
DOCUMENTS = 60
MINUTE = 60.0  # seconds


def upload(page: Page, label: str, name: str, content: bytes) -> None:
    """Choose a file in the drop area with this label."""
    kind = "application/pdf" if content.startswith(b"%PDF") else "image/jpeg"
    files = page.get_by_role("group", name=label).get_by_label("Choose a file")
    files.set_input_files(FilePayload(name=name, mimeType=kind, buffer=content))


def extract(page: Page) -> None:
    upload(page, "an ID document", "id-card.jpg", documents.id_card())
    expect(page.get_by_role("heading", name="Portrait", exact=True)).to_be_visible()


def turned(page: Page) -> None:
    upload(page, "an ID document", "turned.jpg", documents.turned_card())
    page.get_by_label("Original").check()
    expect(page.get_by_role("img", name="original orientation")).to_be_visible()


def verify(page: Page) -> None:
    page.get_by_role("link", name="Verify").click()
    upload(page, "a selfie", "selfie.jpg", documents.selfie())
    upload(page, "the ID document", "id-card.jpg", documents.id_card())
    expect(page.get_by_text("Match: at most 1 in")).to_be_visible()
    expect(page.get_by_role("img", name="Portrait in the document")).to_be_visible()


def batch(page: Page) -> None:
    page.get_by_role("link", name="Batch").click()
    page.get_by_label("Batch name").fill("closing-day")
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "closing-day"
        documents.write_folder(folder, DOCUMENTS)
        page.get_by_label("Choose a folder").set_input_files(folder)
        expect(page.get_by_text(f"{DOCUMENTS} of {DOCUMENTS} documents processed")).to_be_visible(timeout=60_000)


def operations(page: Page) -> None:
    page.get_by_role("link", name="Operations").click()
    expect(page.get_by_text("The service is running")).to_be_visible()


def camera(page: Page) -> None:
    page.context.grant_permissions(["camera"])
    page.get_by_role("link", name="Verify").click()
    page.get_by_role("group", name="a selfie").get_by_role("button", name="Take a picture").click()
    expect(page.get_by_text("Sharp and well lit.")).to_be_visible()


SCREENS: dict[str, Callable[[Page], None]] = {
    "extract": extract,
    "turned": turned,
    "verify": verify,
    "camera": camera,
    "batch": batch,
    "operations": operations,
}


def work(url: str) -> None:
    """Send jobs for three minutes, most in the second, so that the charts have values."""
    files = {"id-card.jpg": documents.id_card(), "letter.pdf": documents.faceless()}
    with httpx.Client(base_url=url, timeout=60) as client:
        for count in (80, 400, 150):
            until = time.monotonic() + MINUTE
            for number in range(count):
                name = "letter.pdf" if number % 12 == 0 else "id-card.jpg"
                client.post("/jobs/extract-face", files={"file": files[name]}).raise_for_status()
            time.sleep(max(0.0, until - time.monotonic()))


def take(browser: Browser, url: str, folder: Path) -> None:
    """Take the screenshots of a running service."""
    for name, lead in SCREENS.items():
        if lead is operations:
            work(url)
        for size, (width, height) in SIZES.items():
            for scheme in SCHEMES:
                phone = size == "phone"
                viewport = ViewportSize(width=width, height=height)
                page = browser.new_page(viewport=viewport, color_scheme=scheme, has_touch=phone, is_mobile=phone)
                page.goto(url)
                lead(page)
                page.wait_for_timeout(300)  # pictures decode and lists settle
                tall = page.evaluate("document.documentElement.scrollHeight")
                windows = 3 if lead is operations else 2
                clip = FloatRect(x=0, y=0, width=width, height=min(tall, windows * height))
                path = folder / f"{name}-{size}-{scheme}.jpg"
                page.screenshot(path=path, type="jpeg", quality=75, full_page=True, clip=clip)
                if path.name == "extract-desktop-light.jpg":  # the README shows its middle
                    result = page.locator(".document-result")
                    result.screenshot(path=folder / "result.jpg", type="jpeg", quality=75)
                page.close()


def main() -> None:
    """Take the screenshots of the service at the given URL, or of one that is started for it."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home, chromium(Path(home) / "film.y4m") as browser:
        show(Path(home) / "film.y4m", held_selfie())
        if len(sys.argv) > 1:
            take(browser, sys.argv[1], FOLDER)
        else:
            parts = {"data_dir": Path(home) / "data", "grafana_url": "https://grafana.example.org/d/nsfas"}
            with running(["app.py"], Path(home) / "log", **parts) as system:
                take(browser, system.url, FOLDER)


if __name__ == "__main__":
    main()
