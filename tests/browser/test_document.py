"""One document on the console: its pages, its faces, the portrait, and how programs do the same."""

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
    expect(page.get_by_role("img", name="The portrait, upright")).to_be_visible()
    expect(page.get_by_role("img", name="Page 1: 2 found, numbered 1, 2")).to_be_visible()
    assert page.locator(".page .chosen text").all_text_contents() == ["1"]
    faces = page.get_by_role("list").filter(has_text="the portrait").get_by_role("listitem")
    expect(faces).to_have_count(2)
    expect(faces.nth(1)).to_contain_text("no candidate: a ghost image")


def test_scores_add_up_as_they_are_shown(page: Page, system: System) -> None:
    upload(page, AREA, "id-card.jpg", documents.id_card())
    answer = httpx.post(f"{system.url}/extract-face", files={"file": documents.id_card()}).json()["metadata"]
    shown = page.locator(".faces li").first
    expect(shown).to_contain_text(f"{answer['size_score']:.1f} \u00d7 70% = {0.7 * answer['size_score']:.1f}")
    expect(shown).to_contain_text(f"{answer['position_score']:.1f} \u00d7 30% = {0.3 * answer['position_score']:.1f}")
    expect(shown).to_contain_text(f"{answer['combined_score']:.1f}")


def test_a_poor_portrait_is_said_to_be_so_in_words(page: Page) -> None:
    upload(page, AREA, "selfie.jpg", documents.small_selfie())
    expect(page.get_by_text("The face is small: hold the camera nearer")).to_be_visible()


def test_the_pages_of_a_pdf_are_leafed_through_and_a_face_turns_to_its_page(page: Page) -> None:
    upload(page, AREA, "application.pdf", documents.application())
    expect(page.get_by_text("Page 2 of 3")).to_be_visible()  # where the portrait is
    page.get_by_role("button", name="Next page").click()
    expect(page.get_by_role("img", name="Page 3: 0 found")).to_be_visible()
    expect(page.get_by_role("button", name="Next page")).to_be_disabled()
    page.get_by_role("button", name="Page 2, the portrait").click()
    expect(page.get_by_text("Page 2 of 3")).to_be_visible()


def test_a_turned_document_is_shown_righted_and_as_it_came_with_its_box_on_the_face(page: Page) -> None:
    upload(page, AREA, "turned.jpg", documents.turned_card())
    picture = page.locator(".page svg")
    expect(page.get_by_text("turned back by 90\u00b0 clockwise")).to_be_visible()
    expect(picture).to_have_attribute("viewBox", "0 0 1000 630")
    box = page.locator(".page .chosen rect").first
    righted = {name: float(box.get_attribute(name) or 0) for name in ("x", "y", "width", "height")}
    assert 120 < righted["x"] < 160 < righted["y"] < 280 < righted["height"] + righted["y"] < 480
    page.get_by_label("As it came").check()
    expect(picture).to_have_attribute("viewBox", "0 0 630 1000")
    assert page.locator(".page .chosen rect").first.get_attribute("x") == str(righted["y"]).removesuffix(".0")


def test_the_portrait_and_the_answer_are_saved_whole(page: Page, system: System, tmp_path: Path) -> None:
    upload(page, AREA, "id-card.jpg", documents.id_card())
    with page.expect_download() as picture:
        page.get_by_role("button", name="Save the portrait").click()
    assert picture.value.suggested_filename == "id-card-portrait.jpg"
    page.get_by_text("Answer as JSON").click()
    expect(page.get_by_label("Answer as JSON")).to_contain_text('"combined_score"')
    with page.expect_download() as answer:
        page.get_by_role("button", name="Save all of it").click()
    answer.value.save_as(tmp_path / "answer.json")
    files, fields = {"file": documents.id_card()}, {"pages": "true"}
    again = httpx.post(f"{system.url}/extract-face", files=files, data=fields).json()
    assert json.loads((tmp_path / "answer.json").read_text()) == again
    picture.value.save_as(tmp_path / "portrait.jpg")
    assert (tmp_path / "portrait.jpg").read_bytes().startswith(b"\xff\xd8\xff")


def test_the_command_that_is_shown_does_the_same(page: Page, tmp_path: Path) -> None:
    name = 'it\'s "mine".jpg'
    (tmp_path / name).write_bytes(documents.id_card())
    upload(page, AREA, name, documents.id_card())
    page.get_by_text("The same with curl").click()
    command = shlex.split(page.get_by_label("The same with curl").inner_text())
    done = subprocess.run([*command, "--silent"], cwd=tmp_path, capture_output=True, check=True)
    assert json.loads(done.stdout)["metadata"]["total_faces"] == 2
    assert json.loads(done.stdout)["pages"]


def test_a_document_that_is_refused_says_what_to_do(page: Page) -> None:
    upload(page, AREA, "letter.pdf", documents.faceless())
    expect(page.get_by_role("alert")).to_contain_text("send a sharp, well-lit picture of the side with the photo.")
    expect(page.get_by_role("alert")).to_contain_text("no_face")


def test_the_portraits_of_real_documents_are_marked(page: Page, specimens: list[Specimen]) -> None:
    with_portrait = [specimen for specimen in specimens if specimen.portrait]
    for specimen in with_portrait[::3]:
        upload(page, AREA, specimen.path.name, specimen.path.read_bytes())
        expect(page.get_by_text(f"{specimen.path.name}: ")).to_be_visible()
        marked = page.locator(".page .chosen rect").first
        x, y, width, height = (float(marked.get_attribute(name) or 0) for name in ("x", "y", "width", "height"))
        assert specimen.portrait is not None
        assert Box(x, y, x + width, y + height).iou(specimen.portrait) > 0.3, specimen.path.name


def test_a_name_that_is_markup_is_shown_as_text(page: Page) -> None:
    name = "<img src=x onerror=alert(1)>.jpg"
    upload(page, AREA, name, documents.turned_card())
    expect(page.get_by_text(f"{name}: 1 face")).to_be_visible()
    assert page.locator("img").count() == 1  # the portrait


def test_a_picture_that_is_refused_is_shown_as_it_was_sent(page: Page) -> None:
    upload(page, AREA, "blank.jpg", jpeg(np.full((300, 400, 3), 255, np.uint8)))
    expect(page.get_by_role("alert")).to_contain_text("no_face")
    assert page.get_by_role("img", name="What was sent: blank.jpg").evaluate("image => image.naturalWidth") == 400


def test_only_the_document_that_was_chosen_last_is_shown(page: Page) -> None:
    def late(route: Route) -> None:
        page.wait_for_timeout(300)
        route.continue_()

    page.route("**/extract-face", late)
    upload(page, AREA, "first.jpg", documents.id_card())
    upload(page, AREA, "second.jpg", documents.turned_card())
    expect(page.get_by_text("second.jpg: 1 face")).to_be_visible()
    page.wait_for_timeout(500)
    expect(page.get_by_text("first.jpg")).to_have_count(0)


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
