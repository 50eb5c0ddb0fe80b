"""Formats on the console: it offers those of the service and shows what is wrong with a file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, Route, expect

from shared.formats import FORMATS, formats_named
from shared.settings import Settings
from tests.api.server import serving
from tests.browser import documents
from tests.browser.conftest import Console
from tests.browser.screens import upload
from tests.browser.verification import answer_with, compare
from tests.support.encoding import saved

AREA = "Drop an ID document"


def accepted(page: Page, name: str = "Choose a file") -> list[str]:
    return (page.get_by_label(name).get_attribute("accept") or "").split(",")


def named(names: list[str]) -> list[str]:
    return [each for kind in formats_named(names) for each in (*kind.media_types, *kind.suffixes)]


def test_every_format_of_the_service_can_be_chosen(page: Page) -> None:
    expect(page.get_by_text("JPEG, PNG, HEIC, AVIF, WebP, TIFF or PDF, at most 10 MB.")).to_be_visible()
    assert accepted(page) == named([each.name for each in FORMATS])
    page.get_by_role("link", name="Verify").click()
    expect(page.get_by_text("TIFF or PDF, at most 10 MB.")).to_have_count(2)
    page.get_by_role("link", name="Batch").click()
    expect(page.get_by_text("TIFF or PDF, at most 10 MB.")).to_have_count(1)
    assert ".heic" in accepted(page, "Choose files")


@pytest.fixture
def narrow(browser: Browser, valkey_url: str, tmp_path: Path) -> Iterator[Page]:
    """Open the console of a service that accepts two formats, up to 2.5 MB."""
    settings = Settings(redis_url=valkey_url, data_dir=tmp_path)
    with serving(settings, accepted_formats=["jpeg", "pdf"], max_upload_bytes=5 * 512 * 1024) as url:
        console = Console(browser, url)
        yield console.open()
        console.close()


def test_only_the_formats_and_the_size_of_the_service_are_offered(narrow: Page) -> None:
    expect(narrow.get_by_text("JPEG or PDF, at most 2.5 MB.")).to_be_visible()
    assert accepted(narrow) == named(["jpeg", "pdf"])


@pytest.mark.parametrize(("name", "shown"), [("scan.tiff", "This browser cannot display the file."), ("scan.webp", "")])
def test_a_rejected_file_is_shown_if_the_browser_can_display_it(narrow: Page, name: str, shown: str) -> None:
    kind = name.partition(".")[2]
    picture = saved(Image.new("RGB", (64, 64), "teal"), kind)
    content = FilePayload(name=name, mimeType=f"image/{kind}", buffer=picture)
    narrow.get_by_label("Choose a file").set_input_files(content)
    label = next(each.label for each in FORMATS if each.name == kind)
    words = f"The file is in {label} format, which this service does not accept. Save it as JPEG or PDF."
    expect(narrow.get_by_role("alert")).to_contain_text(words)
    expect(narrow.get_by_role("heading", name=name)).to_be_visible()
    if shown:
        expect(narrow.get_by_text(shown)).to_be_visible()
    expect(narrow.get_by_role("img", name=f"Uploaded file: {name}")).to_have_count(0 if shown else 1)


def test_every_file_can_be_chosen_while_the_formats_are_unknown(console: Console) -> None:
    def away(route: Route) -> None:
        if route.request.resource_type == "fetch":
            route.abort()
        else:
            route.continue_()

    console.context.route(f"{console.url}/", away)
    page = console.open()
    upload(page, AREA, "id-card.jpg", documents.id_card())
    expect(page.get_by_role("heading", name="Portrait", exact=True)).to_be_visible()
    assert accepted(page) == [""]
    console.context.unroute(f"{console.url}/", away)
    console.errors.clear()  # that the service does not respond
    page.get_by_role("link", name="Verify").click()
    expect(page.get_by_text("TIFF or PDF, at most 10 MB.")).to_have_count(2)


def extraction_with(page: Page, missing: int | None = None, **fields: Any) -> None:
    """Change the metadata of the service's response, and leave a page out."""

    def changed(route: Route) -> None:
        response = route.fetch()
        body = response.json()
        body["metadata"] |= fields
        body["pages"] = [each for each in body["pages"] if each["page"] != missing]
        route.fulfill(response=response, body=json.dumps(body))

    page.route("**/extract-face", changed)


def test_unreadable_pages_are_named_and_left_out(page: Page) -> None:
    extraction_with(page, missing=1, warnings=["unreadable_pages"], unreadable_pages=[1])
    upload(page, AREA, "application.pdf", documents.application())
    expect(
        page.get_by_text("Page 1 could not be read. If the photo is there, scan the document again.")
    ).to_be_visible()
    expect(page.get_by_text("Page 2 of 3")).to_be_visible()  # where the portrait is
    expect(page.get_by_role("button", name="Previous page")).to_be_disabled()
    page.get_by_role("button", name="Next page").click()
    expect(page.get_by_text("Page 3 of 3")).to_be_visible()
    page.get_by_role("button", name="Page 2, portrait").click()
    expect(page.get_by_text("Page 2 of 3")).to_be_visible()


def test_several_warnings_are_all_shown(page: Page) -> None:
    warnings = ["several_people", "unreadable_pages", "approximate_colours"]
    extraction_with(page, warnings=warnings, unreadable_pages=[4, 5, 7])
    upload(page, AREA, "id-card.jpg", documents.id_card())
    expect(page.locator(".notice")).to_have_text(
        [
            "Several people found. Check that this is the right face. If it is not, use a picture without the others.",
            "Pages 4, 5 and 7 could not be read. If the photo is there, scan the document again.",
            "The colours may be wrong because the file does not define them. Send it as an sRGB picture.",
        ]
    )


def test_a_warning_about_a_file_is_shown_with_its_picture_and_does_not_make_the_comparison_unreliable(
    page: Page,
) -> None:
    pages = {"code": "unreadable_pages", "field": "id_photo", "reason": None, "pages": [2, 3]}
    colours = {"code": "approximate_colours", "field": "selfie", "reason": None}
    answer_with(page, warnings=[pages, colours])
    compare(page, documents.selfie(), documents.id_card())
    document = page.get_by_role("region", name="Portrait in the document")
    expect(document.locator(".notice")).to_contain_text("Pages 2 and 3 of the document could not be read.")
    selfie = page.get_by_role("region", name="Face in the selfie")
    expect(selfie.locator(".notice")).to_contain_text("The colours of the selfie may be wrong")
    expect(page.get_by_text("unreliable")).to_have_count(0)
