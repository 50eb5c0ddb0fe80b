"""The camera of the console: preview, guide, advice before the picture is taken, and the picture."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, FilePayload, JSHandle, Locator, Page, expect

from shared.settings import Settings
from tests.api.server import serving
from tests.browser import documents, film
from tests.browser.chromium import REBOUND
from tests.browser.conftest import Console
from tests.labelled.effects import glare
from tests.support.eventually import eventually
from tests.support.photos import Picture

DOCUMENT, SELFIE = "Drop the ID document", "Drop a selfie"
GOOD = "Sharp and well lit. Take the picture."


@pytest.fixture
def page(console: Console, film_path: Path) -> Iterator[Page]:
    console.context.grant_permissions(["camera"])
    yield console.open("#verify")
    film.show(film_path, film.held_selfie())  # as it was


def opener(page: Page, area: str = SELFIE) -> Locator:
    return page.get_by_role("group", name=area).get_by_role("button", name="Take a picture")


def opened(page: Page, area: str = SELFIE) -> Locator:
    """Open the camera, and return its dialog when the preview is running."""
    opener(page, area).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Take picture")).to_be_focused()
    return dialog


def tracks_of(page: Page) -> JSHandle:
    return page.evaluate_handle("document.querySelector('video').srcObject.getTracks()")


def states(tracks: JSHandle) -> list[str]:
    found: list[str] = tracks.evaluate("tracks => tracks.map(track => track.readyState)")
    return found


def screenshot(element: Locator) -> Picture:
    return np.asarray(Image.open(io.BytesIO(element.screenshot())).convert("RGB"), np.uint8)


def test_an_applicant_is_verified_with_two_pictures_of_the_camera(page: Page, film_path: Path) -> None:
    for area, picture, name in (
        (DOCUMENT, film.held_card(), "document.jpg"),
        (SELFIE, film.held_selfie(), "selfie.jpg"),
    ):
        film.show(film_path, picture)
        dialog = opened(page, area)
        expect(dialog.get_by_role("status")).to_have_text(GOOD)
        page.keyboard.press("Enter")
        expect(dialog.get_by_role("button", name="Use picture")).to_be_focused()
        size = dialog.get_by_role("img").evaluate(
            "image => image.decode().then(() => [image.naturalWidth, image.naturalHeight])"
        )
        assert size == list(film.SIZE)
        page.keyboard.press("Enter")
        expect(dialog).to_have_count(0)
        expect(opener(page, area)).to_be_focused()
        expect(page.get_by_text(name).first).to_be_visible()  # in the result, the command contains it too
    expect(page.get_by_text("Match: at most 1 in 100,000 pairs of strangers look this alike.")).to_be_visible()
    expect(page.get_by_role("region", name="Portrait in the document")).to_contain_text("Good quality")


def test_the_preview_of_a_selfie_is_mirrored_and_its_picture_is_not(page: Page, film_path: Path) -> None:
    colours = np.zeros((film.SIZE[1], film.SIZE[0], 3), np.uint8)
    colours[:, : film.SIZE[0] // 2] = (250, 0, 0)  # red on the left, black on the right
    film.show(film_path, colours)
    dialog = opened(page)
    preview = screenshot(dialog.locator("video"))
    dialog.get_by_role("button", name="Take picture").click()
    picture = screenshot(dialog.get_by_role("img", name="The picture"))
    for shown, red_side in ((preview, -40), (picture, 40)):
        middle = shown[shown.shape[0] // 2]
        assert middle[red_side, 0] > 100  # the guide darkens the preview outside
        assert middle[-red_side, 0] < 50
    dialog.get_by_role("button", name="Cancel").click()
    assert opened(page, DOCUMENT).locator("video").evaluate("video => getComputedStyle(video).scale") == "none"


def test_the_camera_of_a_phone_faces_the_document_or_the_applicant(page: Page) -> None:
    page.evaluate(
        """() => {
            const { mediaDevices } = navigator, getUserMedia = mediaDevices.getUserMedia.bind(mediaDevices);
            window.wanted = [];
            mediaDevices.getUserMedia = (wish) => { wanted.push(wish); return getUserMedia(wish); };
        }"""
    )
    for area in (DOCUMENT, SELFIE):
        opened(page, area).get_by_role("button", name="Cancel").click()
    wanted = page.evaluate("wanted")
    assert [each["video"]["facingMode"] for each in wanted] == [{"ideal": "environment"}, {"ideal": "user"}]
    assert not any("audio" in each for each in wanted)


def blurred(pixels: float) -> Callable[[Picture], Picture]:
    return lambda picture: np.asarray(cv2.GaussianBlur(picture, (0, 0), pixels), np.uint8)


def dark(picture: Picture) -> Picture:
    return np.asarray(picture * 0.1, np.uint8)


def bright(picture: Picture) -> Picture:
    return np.asarray(np.clip(picture.astype(float) * 0.2 + 210, 0, 255), np.uint8)


SPOT = glare((640, 360), (200, 140))


@pytest.mark.parametrize(
    ("area", "effect", "advice"),
    [
        (DOCUMENT, blurred(4), "Not sharp. Fill the frame with the document, and hold the camera still."),
        (DOCUMENT, dark, "Too dark. Use more light."),
        (DOCUMENT, bright, "Too bright. Move out of direct light."),
        (DOCUMENT, SPOT, "There is glare. Tilt the document or move the light."),
        (DOCUMENT, lambda picture: np.full_like(picture, 120), "Not sharp. Fill the frame"),  # no document
        (SELFIE, blurred(8), "Not sharp. Fill the oval with the face, and hold the camera still."),
        (SELFIE, dark, "Too dark. Face a window or a lamp."),
        (SELFIE, SPOT, "There is glare on the face. Turn away from the light."),
    ],
)  # fmt: skip
def test_the_advice_says_what_to_change_and_the_picture_can_still_be_taken(
    page: Page, film_path: Path, area: str, effect: Callable[[Picture], Picture], advice: str
) -> None:
    film.show(film_path, effect(film.held_card() if area == DOCUMENT else film.held_selfie()))
    dialog = opened(page, area)
    expect(dialog.get_by_role("status")).to_contain_text(advice)
    assert dialog.locator(".guide.good").count() == 0
    dialog.get_by_role("button", name="Take picture").click()
    expect(dialog.get_by_role("img", name="The picture")).to_be_visible()


def test_advice_changes_only_when_four_checks_agree(page: Page) -> None:
    page.clock.install(time="2026-11-26T12:00:00Z")
    page.clock.pause_at("2026-11-26T13:00:00Z")
    dialog = opened(page)
    hint = "Fit the face into the oval."
    expect(dialog.get_by_role("status")).to_have_text(hint)
    page.clock.run_for(750)
    expect(dialog.get_by_role("status")).to_have_text(hint)
    page.clock.run_for(250)
    expect(dialog.get_by_role("status")).to_have_text(GOOD)
    dialog.get_by_role("status").evaluate(
        """status => {
            window.changes = 0;
            new MutationObserver(() => changes++).observe(status, { childList: true });
        }"""
    )
    page.clock.run_for(5000)
    assert page.evaluate("changes") == 0  # a screen reader says it once


def test_a_picture_is_taken_again(page: Page) -> None:
    dialog = opened(page)
    tracks = tracks_of(page)
    dialog.get_by_role("button", name="Take picture").click()
    dialog.get_by_role("button", name="Take again").click()
    expect(dialog.get_by_role("button", name="Take picture")).to_be_focused()
    expect(dialog.get_by_role("status")).to_have_text(GOOD)
    assert states(tracks) == ["live"]
    assert dialog.locator("video").evaluate("video => video.paused") is False


def test_the_buttons_are_in_view_on_a_phone_that_is_held_sideways(page: Page) -> None:
    page.set_viewport_size({"width": 740, "height": 360})
    dialog = opened(page, DOCUMENT)
    expect(dialog.get_by_role("status")).not_to_be_empty()
    for name in ("Take picture", "Cancel"):
        expect(dialog.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)


LEAVE: dict[str, Callable[[Page], object]] = {
    "Escape": lambda page: page.keyboard.press("Escape"),
    "Cancel": lambda page: page.get_by_role("button", name="Cancel").click(),
    "another screen": lambda page: page.evaluate("location.hash = '#batch'"),
    "another page": lambda page: page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))"),
}


@pytest.mark.parametrize("leave", LEAVE.values(), ids=LEAVE)
def test_the_camera_is_turned_off_when_the_dialog_closes(page: Page, leave: Callable[[Page], object]) -> None:
    dialog = opened(page)
    tracks = tracks_of(page)
    assert states(tracks) == ["live"]
    leave(page)
    expect(dialog).to_have_count(0)
    eventually(lambda: states(tracks) == ["ended"])
    focused = page.locator("main") if "#batch" in page.url else opener(page)
    expect(focused).to_be_focused()


def test_a_camera_that_opens_after_the_dialog_is_closed_is_turned_off(page: Page) -> None:
    page.evaluate(
        """() => {
            const { mediaDevices } = navigator, getUserMedia = mediaDevices.getUserMedia.bind(mediaDevices);
            const allowed = new Promise((resolve) => (window.allow = resolve));
            window.opened = allowed.then(() => getUserMedia({ video: true }));
            mediaDevices.getUserMedia = () => opened;
        }"""
    )
    opener(page).click()
    expect(page.get_by_role("dialog")).to_contain_text("Allow the camera if the browser asks.")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    tracks = page.evaluate_handle("async () => { allow(); return (await opened).getTracks(); }")
    eventually(lambda: states(tracks) == ["ended"])


def test_a_camera_that_is_turned_off_can_be_opened_again(page: Page) -> None:
    dialog = opened(page)
    page.context.clear_permissions()
    expect(dialog.get_by_role("alert")).to_have_text(
        "The camera was disconnected or turned off. Connect it, then try again."
    )
    expect(dialog.get_by_role("button", name="Try again")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("This page is not allowed to use the camera. Allow it")
    page.context.grant_permissions(["camera"])
    dialog.get_by_role("button", name="Try again").click()
    expect(dialog.get_by_role("status")).to_have_text(GOOD)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("NotFoundError", "No camera was found. Connect one and try again, or choose a picture."),
        ("NotReadableError", "The camera does not start. Close other programs that use it, then try again."),
    ],
)
def test_without_a_camera_a_picture_can_be_chosen(page: Page, error: str, words: str) -> None:
    page.evaluate(
        "name => navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', name); }", error
    )
    opener(page).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_have_text(words)
    assert Axe().run(page).violations_count == 0
    file = FilePayload(name="phone.jpg", mimeType="image/jpeg", buffer=documents.selfie())
    dialog.get_by_label("Choose a picture").set_input_files(file)
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("region", name="Face in the selfie")).to_contain_text("phone.jpg")


def test_a_page_without_https_says_why_there_is_no_camera(browser: Browser, valkey_url: str, tmp_path: Path) -> None:
    settings = Settings(redis_url=valkey_url, data_dir=tmp_path)
    with serving(settings, allowed_hosts=[REBOUND]) as url:
        console = Console(browser, url.replace("127.0.0.1", REBOUND))
        page = console.open("#verify")
        opener(page).click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("alert")).to_contain_text("Browsers open the camera on HTTPS pages only.")
        expect(dialog.get_by_role("button", name="Try again")).to_have_count(0)
        expect(dialog.get_by_label("Choose a picture")).to_be_focused()
        console.context.close()  # not `console.close()`: Chromium logs that headers are ignored without HTTPS


def test_one_of_several_cameras_can_be_chosen(page: Page) -> None:
    page.evaluate(
        """() => {
            const { mediaDevices } = navigator, enumerateDevices = mediaDevices.enumerateDevices.bind(mediaDevices);
            const other = { kind: "videoinput", deviceId: "unplugged", label: "Document camera" };
            mediaDevices.enumerateDevices = async () => [...(await enumerateDevices()), other];
        }"""
    )
    dialog = opened(page)
    choice = dialog.get_by_label("Camera", exact=True)
    expect(choice.locator("option")).to_have_count(2)
    expect(choice).not_to_have_value("unplugged")
    choice.select_option("Document camera")
    expect(dialog.get_by_role("alert")).to_contain_text("No camera was found.")
    dialog.get_by_role("button", name="Try again").click()  # opens the default camera
    expect(choice).not_to_have_value("unplugged")


def test_axe_finds_nothing_before_and_after_the_picture(page: Page) -> None:
    dialog = opened(page)
    assert Axe().run(page).violations_count == 0
    dialog.get_by_role("button", name="Take picture").click()
    expect(dialog.get_by_role("button", name="Use picture")).to_be_focused()
    assert Axe().run(page).violations_count == 0
