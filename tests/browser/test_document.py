"""One document on the console: pages, faces, the portrait, the JSON response and the curl command."""

import json
import shlex
import subprocess
from pathlib import Path

import httpx
import numpy as np
from playwright.sync_api import Page, Route, expect

from tests.browser import documents
from tests.browser.screens import upload
from tests.conftest import Specimen
from tests.support.compose import crowd, jpeg
from tests.support.servers import System
from worker.vision.geometry import Box

AREA = "Drop an ID document"


def test_every_face_is_boxed_and_numbered_and_the_portrait_is_marked(page: Page) -> None:
    upload(page, AREA, "id-card.jpg", documents.id_card())
    expect(page.get_by_role("img", name="Extracted portrait")).to_be_visible()
    expect(page.get_by_role("img", name="Page 1: 2 faces, numbered 1, 2")).to_be_visible()
    assert page.locator(".page .chosen text").all_text_contents() == ["1"]
    faces = page.get_by_role("list").filter(has_text="portrait").get_by_role("listitem")
    expect(faces).to_have_count(2)
    expect(faces.nth(1)).to_contain_text("not a candidate: ghost image")


def test_scores_add_up_as_they_are_shown(page: Page, system: System) -> None:
    upload(page, AREA, "id-card.jpg", documents.id_card())
    posted = httpx.post(f"{system.url}/extract-face", files={"file": documents.id_card()}, timeout=60)
    answer = posted.json()["metadata"]
    shown = page.locator(".faces li").first
    expect(shown).to_contain_text(f"{answer['size_score']:.1f} \u00d7 70% = {0.7 * answer['size_score']:.1f}")
    expect(shown).to_contain_text(f"{answer['position_score']:.1f} \u00d7 30% = {0.3 * answer['position_score']:.1f}")
    expect(shown).to_contain_text(f"{answer['combined_score']:.1f}")


def test_a_portrait_of_poor_quality_has_warnings(page: Page) -> None:
    upload(page, AREA, "selfie.jpg", documents.small_selfie())
    expect(page.get_by_text("The face is small. Move the camera closer")).to_be_visible()


def test_a_pdf_can_be_paged_through_and_a_face_opens_its_page(page: Page) -> None:
    upload(page, AREA, "application.pdf", documents.application())
    expect(page.get_by_text("Page 2 of 3")).to_be_visible()  # where the portrait is
    page.get_by_role("button", name="Next page").click()
    expect(page.get_by_role("img", name="Page 3: no faces")).to_be_visible()
    expect(page.get_by_role("button", name="Next page")).to_be_disabled()
    page.get_by_role("button", name="Page 2, portrait").click()
    expect(page.get_by_text("Page 2 of 3")).to_be_visible()


def test_a_rotated_document_is_shown_upright_and_in_its_original_orientation_with_its_box_on_the_face(
    page: Page,
) -> None:
    upload(page, AREA, "turned.jpg", documents.turned_card())
    picture = page.locator(".page svg")
    expect(page.locator(".portrait")).to_contain_text("90\u00b0 clockwise")
    expect(picture).to_have_attribute("viewBox", "0 0 1000 630")
    box = page.locator(".page .chosen rect").first
    righted = {name: float(box.get_attribute(name) or 0) for name in ("x", "y", "width", "height")}
    assert 120 < righted["x"] < 160 < righted["y"] < 280 < righted["height"] + righted["y"] < 480
    page.get_by_label("Original").check()
    expect(picture).to_have_attribute("viewBox", "0 0 630 1000")
    assert page.locator(".page .chosen rect").first.get_attribute("x") == str(righted["y"]).removesuffix(".0")


def test_the_portrait_and_the_full_response_are_downloaded(page: Page, system: System, tmp_path: Path) -> None:
    upload(page, AREA, "id-card.jpg", documents.id_card())
    with page.expect_download() as picture:
        page.get_by_role("button", name="Download portrait").click()
    assert picture.value.suggested_filename == "id-card-portrait.jpg"
    page.get_by_text("JSON response").click()
    expect(page.get_by_label("JSON response")).to_contain_text('"combined_score"')
    with page.expect_download() as answer:
        page.get_by_role("button", name="Download JSON").click()
    answer.value.save_as(tmp_path / "answer.json")
    files, fields = {"file": documents.id_card()}, {"pages": "true"}
    again = httpx.post(f"{system.url}/extract-face", files=files, data=fields, timeout=60).json()
    assert json.loads((tmp_path / "answer.json").read_text()) == again
    picture.value.save_as(tmp_path / "portrait.jpg")
    assert (tmp_path / "portrait.jpg").read_bytes().startswith(b"\xff\xd8\xff")


def test_the_curl_command_gives_the_same_result(page: Page, tmp_path: Path) -> None:
    name = 'it\'s "mine".jpg'
    (tmp_path / name).write_bytes(documents.id_card())
    upload(page, AREA, name, documents.id_card())
    page.get_by_text("curl command").click()
    command = shlex.split(page.get_by_label("curl command").inner_text())
    done = subprocess.run([*command, "--silent"], cwd=tmp_path, capture_output=True, check=True)
    assert json.loads(done.stdout)["metadata"]["total_faces"] == 2
    assert json.loads(done.stdout)["pages"]


def test_a_rejected_document_says_what_to_do(page: Page) -> None:
    upload(page, AREA, "letter.pdf", documents.faceless())
    expect(page.get_by_role("alert")).to_contain_text("Send a sharp, well-lit picture of the side with the photo.")
    expect(page.get_by_role("alert")).to_contain_text("no_face")


def test_a_request_that_failed_for_a_while_can_be_tried_again(page: Page) -> None:
    page.route("**/extract-face", lambda route: route.abort())
    upload(page, AREA, "id-card.jpg", documents.id_card())
    expect(page.get_by_role("alert")).to_contain_text("The service cannot be reached.")
    page.unroute("**/extract-face")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="Portrait", exact=True)).to_be_visible()


def test_a_document_that_was_not_processed_in_time_can_be_tried_again(page: Page) -> None:
    late = {"code": "wait_timeout", "detail": "Get its result later from the URL in Location."}
    page.route("**/extract-face", lambda route: route.fulfill(status=504, json=late))
    upload(page, AREA, "id-card.jpg", documents.id_card())
    expect(page.get_by_role("alert")).to_contain_text("The service did not finish in time")
    expect(page.get_by_role("alert")).not_to_contain_text("Location")
    page.unroute("**/extract-face")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="Portrait", exact=True)).to_be_visible()


def test_the_portrait_can_be_downloaded_without_scrolling(page: Page) -> None:
    upload(page, AREA, "id-card.jpg", documents.id_card())
    expect(page.get_by_role("button", name="Download portrait")).to_be_in_viewport(ratio=1)


def test_the_portraits_of_real_documents_are_marked(page: Page, specimens: list[Specimen]) -> None:
    with_portrait = [specimen for specimen in specimens if specimen.portrait]
    for specimen in with_portrait[::3]:
        upload(page, AREA, specimen.path.name, specimen.path.read_bytes())
        expect(page.get_by_text(f"{specimen.path.name}: ")).to_be_visible()
        marked = page.locator(".page .chosen rect").first
        x, y, width, height = (float(marked.get_attribute(name) or 0) for name in ("x", "y", "width", "height"))
        assert specimen.portrait is not None
        assert Box(x, y, x + width, y + height).iou(specimen.portrait) > 0.3, specimen.path.name


def test_a_file_name_with_markup_is_shown_as_text(page: Page) -> None:
    name = "<img src=x onerror=alert(1)>.jpg"
    upload(page, AREA, name, documents.turned_card())
    expect(page.get_by_text(f"{name}: 1 face")).to_be_visible()
    assert page.locator("img").count() == 2  # the logo and the portrait


def test_a_rejected_picture_is_shown_as_it_was_uploaded(page: Page) -> None:
    upload(page, AREA, "blank.jpg", jpeg(np.full((300, 400, 3), 255, np.uint8)))
    expect(page.get_by_role("alert")).to_contain_text("no_face")
    assert page.get_by_role("img", name="Uploaded file: blank.jpg").evaluate("image => image.naturalWidth") == 400


def test_only_the_last_chosen_document_is_shown(page: Page) -> None:
    held: list[Route] = []
    page.route("**/extract-face", lambda route: route.continue_() if held else held.append(route))
    with page.expect_request("**/extract-face"):
        upload(page, AREA, "first.jpg", documents.id_card())
    with page.expect_event("requestfailed") as cancelled:
        upload(page, AREA, "second.jpg", documents.turned_card())
    assert cancelled.value == held[0].request
    expect(page.get_by_text("second.jpg: 1 face")).to_be_visible()
    expect(page.get_by_text("first.jpg")).to_have_count(0)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_many_faces_are_all_listed(page: Page) -> None:
    upload(page, AREA, "crowd.jpg", jpeg(crowd()))
    expect(page.locator(".faces li")).to_have_count(10)
    page.locator(".faces button").nth(6).press("Enter")
    expect(page.locator(".page .marked text")).to_have_text("7")


def test_a_document_is_dropped(page: Page) -> None:
    transfer = page.evaluate_handle(
        """(bytes) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([Uint8Array.from(bytes)], "dropped.jpg", { type: "image/jpeg" }));
            return transfer;
        }""",
        list(documents.id_card()),
    )
    page.get_by_role("group", name=AREA).dispatch_event("drop", {"dataTransfer": transfer})
    expect(page.get_by_text("dropped.jpg: 2 faces")).to_be_visible()
