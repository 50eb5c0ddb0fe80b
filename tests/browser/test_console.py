"""The console as a whole: its size, its requests, keyboard, phone and screen reader use, and the API key."""

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.browser import documents
from tests.browser.conftest import Console
from tests.browser.screens import SCHEMES, SCREENS, upload
from tests.support.api_keys import write_key_file
from tests.support.servers import ROOT, System, running

SMALL = 200 * 1024  # bytes of all files together


def test_it_loads_in_two_hundred_kilobytes(console: Console) -> None:
    page = console.open()
    expect(page.get_by_text("NSFAS Face Extraction API")).to_be_visible()
    sizes = [request.sizes() for request in console.requests]
    assert len(sizes) > 10
    assert sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes) < SMALL


@pytest.mark.parametrize("name", SCREENS)
def test_axe_finds_nothing_and_nothing_overflows(browser: Browser, system: System, name: str) -> None:
    console, axe = Console(browser, system.url, width=320), Axe()
    page = console.open()
    SCREENS[name](page)
    for summary in page.locator("summary").all():
        summary.click()
    for width, scheme in product((320, 1200), SCHEMES):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # colours change at once
        results = axe.run(page)
        assert results.violations_count == 0, f"{width} pixels, {scheme}: {results.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{width} pixels, {scheme}"
    console.close()


def test_a_document_is_processed_with_the_keyboard_only(page: Page) -> None:
    turned = FilePayload(name="turned.jpg", mimeType="image/jpeg", buffer=documents.turned_card())
    page.on("filechooser", lambda chooser: chooser.set_files(turned))
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Choose a file")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_text("turned.jpg: 1 face")).to_be_visible()
    for _ in range(3):  # past the camera and the download, to the orientation
        page.keyboard.press("Tab")
    expect(page.get_by_label("Upright")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Original")).to_be_checked()


def test_a_screen_reader_is_told_when_the_screen_changes(page: Page) -> None:
    page.get_by_role("link", name="Operations").press("Enter")
    expect(page.locator("main")).to_be_focused()
    expect(page).to_have_title("Operations - Face extraction")
    expect(page.get_by_role("link", name="Operations")).to_have_attribute("aria-current", "page")


def test_single_keys_open_screens_and_the_list_of_shortcuts(page: Page) -> None:
    page.keyboard.press("o")
    expect(page).to_have_title("Operations - Face extraction")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    assert Axe().run(page).violations_count == 0
    dialog.get_by_label("Enable keyboard shortcuts").uncheck()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("b")
    expect(page).to_have_title("Operations - Face extraction")
    page.get_by_role("button", name="Keyboard shortcuts").click()
    dialog.get_by_label("Enable keyboard shortcuts").check()
    dialog.get_by_role("button", name="Close").click()
    page.keyboard.press("b")
    expect(page).to_have_title("Batch - Face extraction")
    page.get_by_label("Batch name").press("d")  # typing is no shortcut
    expect(page).to_have_title("Batch - Face extraction")


def test_an_offline_computer_is_announced(page: Page) -> None:
    page.context.set_offline(True)
    expect(page.get_by_role("alert")).to_contain_text("You are offline.")
    assert Axe().run(page).violations_count == 0
    page.context.set_offline(False)
    expect(page.get_by_role("alert")).to_have_count(0)


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[tuple[System, str]]:
    path, secret = write_key_file(tmp_path)
    with running(["app.py"], tmp_path / "log", data_dir=tmp_path / "data", api_keys_file=path) as system:
        yield system, secret


def test_a_key_is_requested_once_and_stored_in_the_tab_only(browser: Browser, locked: tuple[System, str]) -> None:
    system, secret = locked
    console = Console(browser, system.url)
    page = console.open()
    upload(page, "Drop an ID document", "id-card.jpg", documents.id_card())
    dialog = page.get_by_role("dialog", name="API key")
    dialog.get_by_label("API key").fill("nsfas_wrong")
    dialog.get_by_role("button", name="Continue").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_label("API key").fill(secret)
    dialog.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("id-card.jpg: 2 faces")).to_be_visible()
    page.get_by_text("curl command").click()
    expect(page.get_by_label("curl command")).to_contain_text("Authorization: Bearer $API_KEY")
    page.get_by_role("link", name="Operations").click()
    expect(page.get_by_text("The service is running")).to_be_visible()
    other = console.open("#operations")
    expect(other.get_by_role("dialog", name="API key")).to_be_visible()
    other.keyboard.press("Escape")
    expect(other.get_by_role("alert")).to_contain_text("unauthorized")
    other.close()  # it would open the dialog again
    assert console.context.cookies() == []
    page.get_by_role("button", name="Remove API key").click()
    expect(page.get_by_role("dialog", name="API key")).to_be_visible()
    console.close()


def test_the_javascript_of_the_documentation_works_on_a_page_of_another_origin(
    browser: Browser, system: System
) -> None:
    example = (ROOT / "docs" / "api.md").read_text().partition("```javascript\n")[2].partition("```")[0]
    page = browser.new_page()
    page.set_content("<input type=file><img alt=portrait>")
    file = FilePayload(name="id-card.jpg", mimeType="image/jpeg", buffer=documents.id_card())
    page.locator("input").set_input_files(file)
    page.add_script_tag(content=example.replace("http://127.0.0.1:7860", system.url), type="module")
    expect(page.locator("img")).to_have_attribute("src", re.compile("^data:image/jpeg;base64,/9j/"))
    assert page.locator("img").evaluate("async (image) => { await image.decode(); return image.naturalWidth; }") > 50
    page.close()
