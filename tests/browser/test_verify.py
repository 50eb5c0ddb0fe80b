"""Verification on the console: the compared faces, the verdict, the next step, and other thresholds."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import documents
from tests.browser.conftest import Console
from tests.browser.screens import upload
from tests.browser.verification import DOCUMENT, SELFIE, answer_with, compare
from tests.support.servers import System

MATCH = "Match: at most 1 in 100,000 pairs of strangers look this alike."
NO_MATCH = "No match: strangers often look this alike (more than 1 in 10 pairs)."


def slider_of(page: Page) -> Locator:
    """Open the scale of distance and return its slider."""
    page.get_by_text("Distance and threshold").click()
    return page.get_by_role("slider", name="Threshold")


def test_one_request_gives_the_verdict_and_both_faces(console: Console) -> None:
    page = console.open()
    compare(page, documents.selfie(), documents.id_card())
    expect(page.get_by_role("status").filter(has_text=MATCH)).to_be_visible()
    for alt in ("Face in the selfie", "Portrait in the document"):
        image = page.get_by_role("img", name=alt)
        assert image.evaluate("async (image) => { await image.decode(); return image.naturalWidth; }") > 50
    expect(page.get_by_role("region", name="Face in the selfie")).to_contain_text("Page 1, 1 face.")
    document = page.get_by_role("region", name="Portrait in the document")
    expect(document).to_contain_text("Page 1, 2 faces.")
    expect(document).to_contain_text("Good quality: sharp, well lit and large enough.")
    expect(page.get_by_text("unreliable")).to_have_count(0)
    expect(page.get_by_text("Several people")).to_have_count(0)
    assert len([request for request in console.requests if request.method == "POST"]) == 1


def test_the_verdict_comes_with_the_next_step_and_a_message_for_the_applicant(page: Page) -> None:
    compare(page, documents.selfie(), documents.id_card())
    verdict = page.get_by_role("region", name="Verdict")
    expect(verdict).to_contain_text("Continue with the application.")
    expect(verdict.get_by_role("blockquote")).to_have_text("Your selfie matches the photo in your ID document.")
    upload(page, DOCUMENT, "document.jpg", documents.stranger())
    expect(verdict).to_contain_text("Compare both faces yourself before you reject the application.")
    expect(verdict.get_by_role("blockquote")).to_contain_text("Please take a new selfie in good light")


def test_the_address_of_the_former_comparison_screen_still_works(console: Console) -> None:
    page = console.open("#compare")
    expect(page.get_by_role("heading", name="Verify an applicant")).to_be_visible()


def test_a_pdfs_page_is_named(page: Page) -> None:
    compare(page, documents.selfie(), documents.application())
    expect(page.get_by_role("region", name="Portrait in the document")).to_contain_text("Page 2, 1 face.")


def test_the_slider_shows_the_rate_and_updates_the_verdict(page: Page) -> None:
    compare(page, documents.selfie(), documents.stranger())
    expect(page.get_by_text(NO_MATCH)).to_be_visible()
    slider, output = slider_of(page), page.locator("output")
    expect(output).to_have_text("0.60: 1 in 1,000 pairs of strangers match (service default)")
    slider.press("ArrowLeft")
    expect(output).to_have_text("0.59: 1 in 1,300 pairs of strangers match")
    expect(slider).to_have_attribute("aria-valuetext", "0.59: 1 in 1,300 pairs of strangers match")
    slider.press("End")
    expect(page.get_by_text("Match: more than 1 in 10 pairs of strangers look this alike.")).to_be_visible()
    expect(output).to_have_text("1.20: more than 1 in 10 pairs of strangers match")
    expect(page.get_by_role("img", name="threshold 1.20")).to_be_visible()
    slider.press("Home")
    expect(page.get_by_text(NO_MATCH)).to_be_visible()
    expect(output).to_have_text("0.00: at most 1 in 100,000 pairs of strangers match")


def test_a_threshold_between_two_steps_of_the_slider_is_kept(page: Page) -> None:
    answer_with(
        page, match=False, threshold=0.5301, threshold_false_match_rate=0.0002, distance=0.5302, false_match_rate=0.0002
    )
    compare(page, documents.selfie(), documents.id_card())
    expect(page.get_by_text("No match: at most 1 in 5,000 pairs of strangers look this alike.")).to_be_visible()
    expect(page.locator("output")).to_have_text("0.53: 1 in 5,000 pairs of strangers match (service default)")


def test_an_encoder_with_its_own_scale_has_a_rate_at_the_services_threshold_only(page: Page) -> None:
    answer_with(page, distance=0.31, false_match_rate=1.5e-05, threshold_false_match_rate=0.0075)
    compare(page, documents.selfie(), documents.id_card())
    expect(page.get_by_text("Match: at most 1 in 67,000 pairs of strangers look this alike.")).to_be_visible()
    output = page.locator("output")
    expect(output).to_have_text("0.60: 1 in 130 pairs of strangers match (service default)")
    slider_of(page).press("ArrowLeft")
    expect(output).to_have_text("0.59")


def test_the_lowest_measured_rate_is_an_upper_bound(page: Page) -> None:
    answer_with(page, distance=0.31, false_match_rate=1e-4)
    compare(page, documents.selfie(), documents.id_card())
    expect(page.get_by_text("Match: at most 1 in 10,000 pairs of strangers look this alike.")).to_be_visible()
    slider_of(page).press("Home")
    expect(page.locator("output")).to_have_text("0.00: at most 1 in 10,000 pairs of strangers match")


def test_without_rates_the_verdict_shows_the_distance(page: Page) -> None:
    answer_with(page, distance=0.312, false_match_rate=None, threshold_false_match_rate=None)
    compare(page, documents.selfie(), documents.id_card())
    expect(page.get_by_text("Match: the distance 0.312 is within the threshold 0.60.")).to_be_visible()
    slider, output = slider_of(page), page.locator("output")
    expect(page.get_by_text("was not measured for this encoder")).to_be_visible()
    expect(output).to_have_text("0.60 (service default)")
    slider.press("Home")
    expect(page.get_by_text("No match: the distance 0.312 is above the threshold 0.00.")).to_be_visible()


def test_an_unreliable_comparison_names_the_picture_and_the_next_step(page: Page) -> None:
    compare(page, documents.small_selfie(), documents.id_card())
    verdict = page.get_by_role("region", name="Verdict")
    expect(verdict).to_contain_text("This comparison is unreliable.")
    expect(verdict).to_contain_text("The face in the selfie is too small to compare. Move the camera closer")
    expect(verdict).to_contain_text("Ask for better pictures before you decide.")
    expect(verdict).to_contain_text("Please take a new selfie closer to the camera")
    selfie = page.get_by_role("region", name="Face in the selfie")
    expect(selfie).to_contain_text("The face is small. Move the camera closer")


def test_several_people_cause_a_notice(page: Page) -> None:
    compare(page, documents.friends(), documents.id_card())
    selfie = page.get_by_role("region", name="Face in the selfie")
    expect(selfie).to_contain_text("Several people found. Check that this is the right face.")


def test_a_poor_selfie_that_does_not_match_asks_for_a_better_one_first(page: Page) -> None:
    answer_with(page, match=False, distance=0.9, false_match_rate=0.5)
    compare(page, documents.friends(), documents.id_card())
    verdict = page.get_by_role("region", name="Verdict")
    expect(verdict).to_contain_text(
        "Ask for better pictures. Compare both faces yourself before you reject the application."
    )
    sentences = verdict.get_by_role("blockquote").get_by_role("paragraph")
    expect(sentences.first).to_have_text("We could not match your selfie with the photo in your ID document.")
    expect(sentences.nth(1)).to_have_text("Please take a new selfie that shows only you.")


@pytest.fixture
def phone(browser: Browser, system: System) -> Iterator[Page]:
    console = Console(browser, system.url, width=390, phone=True)
    yield console.open()
    console.close()


def test_a_phone_is_not_asked_to_drop_files(phone: Page) -> None:
    phone.get_by_role("link", name="Verify").click()
    expect(phone.get_by_role("group", name="Add the ID document")).to_be_visible()
    expect(phone.get_by_text("Drop")).to_have_count(0)


def test_a_phone_scrolls_to_the_verdict(phone: Page) -> None:
    compare(phone, documents.selfie(), documents.id_card())
    expect(phone.get_by_text(MATCH)).to_be_in_viewport()
    expect(phone.get_by_role("button", name="Copy message")).to_be_in_viewport()


def test_a_selfie_without_a_face_has_a_message_for_the_applicant(page: Page) -> None:
    compare(page, documents.faceless(), documents.id_card())
    refused = page.get_by_role("region", name="Not compared")
    expect(refused).to_contain_text("Ask the applicant for another picture.")
    expect(refused.get_by_role("blockquote")).to_contain_text("Take a new selfie in good light, facing the camera.")


@pytest.mark.parametrize(
    ("selfie", "document", "region", "words"),
    [
        (documents.selfie, documents.faceless, "Portrait in the document", "ID photo: No face was found"),
        (documents.faceless, documents.id_card, "Face in the selfie", "Selfie: No face was found"),
    ],
)
def test_a_picture_without_a_face_is_named(page: Page, selfie: Any, document: Any, region: str, words: str) -> None:
    compare(page, selfie(), document())
    expect(page.get_by_role("region", name=region).get_by_role("alert")).to_contain_text(words)
    expect(page.get_by_role("alert")).to_have_count(1)
    upload(page, SELFIE, "selfie.jpg", documents.selfie())
    upload(page, DOCUMENT, "document.jpg", documents.id_card())
    expect(page.get_by_text(MATCH)).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_missing_picture_is_requested(page: Page) -> None:
    page.get_by_role("link", name="Verify").click()
    upload(page, DOCUMENT, "document.jpg", documents.id_card())
    expect(page.get_by_text("Add a selfie to compare.")).to_be_visible()
    expect(page.get_by_role("region", name="Portrait in the document")).to_contain_text("Chosen: document.jpg")
