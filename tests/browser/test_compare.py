"""Two pictures on the console: the faces that count, the verdict, and what another threshold would say."""

from playwright.sync_api import Page, expect

from tests.browser import documents
from tests.browser.screens import upload

SELFIE, DOCUMENT = "Drop a selfie", "Drop the ID document"


def compare(page: Page, selfie: bytes, document: bytes) -> None:
    page.get_by_role("link", name="Compare").click()
    upload(page, SELFIE, "selfie.jpg", selfie)
    upload(page, DOCUMENT, "document.jpg", document)


def test_one_person_matches_and_the_false_match_rate_is_said_in_words(page: Page) -> None:
    compare(page, documents.selfie(), documents.id_card())
    expect(page.get_by_text("Same person, by this threshold.")).to_be_visible()
    expect(page.get_by_role("img", name="The selfie's face")).to_be_visible()
    expect(page.get_by_role("img", name="The document's portrait")).to_be_visible()
    expect(page.get_by_text("pairs of strangers scores this close.")).to_be_visible()
    expect(page.get_by_role("img", name="threshold 0.60")).to_be_visible()


def test_the_slider_moves_the_threshold_and_the_verdict_with_it(page: Page) -> None:
    compare(page, documents.selfie(), documents.stranger())
    expect(page.get_by_text("Not the same person, by this threshold.")).to_be_visible()
    slider = page.get_by_role("slider", name="Threshold")
    slider.press("End")
    expect(page.get_by_text("Same person, by this threshold.", exact=True)).to_be_visible()
    expect(page.get_by_role("img", name="threshold 1.20")).to_be_visible()
    slider.press("Home")
    expect(page.get_by_text("Not the same person, by this threshold.")).to_be_visible()


def test_a_picture_without_a_face_is_named(page: Page) -> None:
    compare(page, documents.selfie(), documents.faceless())
    expect(page.get_by_role("alert").filter(has_text="ID photo: No face was found")).to_be_visible()
