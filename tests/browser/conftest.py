"""One browser for all tests, and a browser context with a console for each test."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

from tests.browser.chromium import CHROMIUM, chromium
from tests.browser.film import held_selfie, show
from tests.support.servers import System

WAIT = 60_000
"""Timeout of each expectation, in milliseconds; only failing tests wait that long."""

expect.set_options(timeout=WAIT)  # its own default is five seconds


@pytest.fixture(scope="package")
def film_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the film of the browser's camera, which reads it when it is opened. A test can show another picture."""
    path = tmp_path_factory.mktemp("camera") / "film.y4m"
    show(path, held_selfie())
    return path


# Of this package alone: as long as it is there, Playwright's event loop runs, and asyncio starts no other.
@pytest.fixture(scope="package")
def browser(film_path: Path) -> Iterator[Browser]:
    if not CHROMIUM:
        pytest.skip("Chromium is not installed here: apt-get install chromium")
    with chromium(film_path) as browser:
        yield browser


class Console:
    """A page that must send requests to the service only and comply with its own security policy.

    Parameters
    ----------
    browser, url
        Browser, and URL of the service.
    width, phone
        Width of the window in pixels, and whether the device has a touch screen and no mouse.

    """

    def __init__(self, browser: Browser, url: str, *, width: int = 1280, phone: bool = False) -> None:
        self.context = browser.new_context(
            accept_downloads=True, viewport={"width": width, "height": 800}, has_touch=phone, is_mobile=phone
        )
        self.context.set_default_timeout(WAIT)
        self.url = url
        self.requests: list[Request] = []
        self.errors: list[str] = []

    def open(self, screen: str = "") -> Page:
        page = self.context.new_page()
        page.on("request", self._on_request)
        page.on("console", self._on_message)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(f"{self.url}/{screen}")
        return page

    def _on_request(self, request: Request) -> None:
        self.requests.append(request)

    def _on_message(self, message: ConsoleMessage) -> None:
        # Error responses are expected; the browser logs every 4xx.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.errors.append(message.text)

    def close(self) -> None:
        hosts = {urlsplit(request.url).netloc for request in self.requests if request.url.startswith("http")}
        self.context.close()
        assert hosts <= {urlsplit(self.url).netloc}
        assert self.errors == []


@pytest.fixture
def console(browser: Browser, system: System) -> Iterator[Console]:
    console = Console(browser, system.url)
    yield console
    console.close()


@pytest.fixture
def page(console: Console) -> Page:
    return console.open()
