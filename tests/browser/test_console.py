"""The console as a whole: small, alone, usable by keyboard, on a phone and with a screen reader, closed with a key."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.browser import documents
from tests.browser.conftest import Console
from tests.browser.screens import SCREENS, upload
from tests.support.api_keys import write_key_file
from tests.support.servers import ROOT, System, running

SMALL = 200 * 1024  # bytes that everything may take together


def test_it_loads_in_two_hundred_kilobytes(console: Console) -> None:
    page = console.open()
    expect(page.get_by_text("NSFAS Face Extraction API")).to_be_visible()
    sizes = [request.sizes() for request in console.requests]
    assert len(sizes) > 10
    assert sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes) < SMALL


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 320])
def test_axe_finds_nothing_and_nothing_sticks_out(
    browser: Browser, system: System, scheme: Literal["light", "dark"], width: int
) -> None:
    console, axe = Console(browser, system.url, width=width, scheme=scheme), Axe()
    for name, lead in SCREENS.items():
        page = console.open()
        lead(page)
        for summary in page.locator("summary").all():
            summary.click()
        results = axe.run(page)
        assert results.violations_count == 0, f"{name}: {results.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        page.close()
    console.close()


def test_a_document_is_read_by_keyboard_alone(page: Page) -> None:
    turned = FilePayload(name="turned.jpg", mimeType="image/jpeg", buffer=documents.turned_card())
    page.on("filechooser", lambda chooser: chooser.set_files(turned))
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Choose a file")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_text("turned.jpg: 1 face")).to_be_visible()
    for _ in range(2):  # past the camera, to the page's way
        page.keyboard.press("Tab")
    expect(page.get_by_label("Righted")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="As it came")).to_be_checked()


def test_a_change_of_screen_is_told_to_a_screen_reader(page: Page) -> None:
    page.get_by_role("link", name="Operations").press("Enter")
    expect(page.locator("main")).to_be_focused()
    expect(page).to_have_title("Operations - Face extraction")
    expect(page.get_by_role("link", name="Operations")).to_have_attribute("aria-current", "page")


def test_operations_show_now_and_the_last_hour(page: Page, client: httpx.Client) -> None:
    client.post("/extract-face", files={"file": documents.id_card()})
    page.get_by_role("link", name="Operations").click()
    expect(page.get_by_text("The service works")).to_be_visible()
    for title in ("Jobs that wait", "Workers", "Ended a minute", "Mean wait", "Failures"):
        expect(page.get_by_role("img", name=f"{title}: now")).to_be_visible()
    page.get_by_text("The last hour in figures").click()
    expect(page.locator("tbody tr")).to_have_count(60)


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[tuple[System, str]]:
    path, secret = write_key_file(tmp_path)
    with running(["app.py"], tmp_path / "log", data_dir=tmp_path / "data", api_keys_file=path) as system:
        yield system, secret


def test_a_key_is_asked_for_once_and_kept_by_the_tab_alone(browser: Browser, locked: tuple[System, str]) -> None:
    system, secret = locked
    console = Console(browser, system.url)
    page = console.open()
    upload(page, "Drop an ID document", "id-card.jpg", documents.id_card())
    dialog = page.get_by_role("dialog", name="API key")
    dialog.get_by_label("API key").fill("nsfas_wrong")
    dialog.get_by_role("button", name="Use it").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_label("API key").fill(secret)
    dialog.get_by_role("button", name="Use it").click()
    expect(page.get_by_text("id-card.jpg: 2 faces")).to_be_visible()
    page.get_by_text("The same with curl").click()
    expect(page.get_by_label("The same with curl")).to_contain_text("Authorization: Bearer $API_KEY")
    page.get_by_role("link", name="Operations").click()
    expect(page.get_by_text("The service works")).to_be_visible()
    other = console.open("#operations")
    expect(other.get_by_role("dialog", name="API key")).to_be_visible()
    other.keyboard.press("Escape")
    expect(other.get_by_role("alert")).to_contain_text("unauthorized")
    other.close()  # it would ask again
    assert console.context.cookies() == []
    page.get_by_role("button", name="Forget the API key").click()
    expect(page.get_by_role("dialog", name="API key")).to_be_visible()
    console.close()


def test_the_javascript_of_the_documentation_works_in_a_page_from_elsewhere(browser: Browser, system: System) -> None:
    example = (ROOT / "docs" / "api.md").read_text().partition("```javascript\n")[2].partition("```")[0]
    page = browser.new_page()
    page.set_content("<input type=file><img alt=portrait>")
    file = FilePayload(name="id-card.jpg", mimeType="image/jpeg", buffer=documents.id_card())
    page.locator("input").set_input_files(file)
    page.add_script_tag(content=example.replace("http://127.0.0.1:7860", system.url), type="module")
    expect(page.locator("img")).to_have_attribute("src", re.compile("^data:image/jpeg;base64,/9j/"))
    assert page.locator("img").evaluate("async (image) => { await image.decode(); return image.naturalWidth; }") > 50
    page.close()
