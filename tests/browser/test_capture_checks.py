"""The measures of the console's camera, in the browser, on pictures of known blur and light."""

from base64 import b64encode
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Console
from tests.labelled import cards, pages
from tests.labelled.faces import FACES
from tests.support.photos import Picture, photo
from worker.vision.quality import QualityLimits

WIDTHS = {"document": (1500, 320), "selfie": (600, 120)}  # pixels of the guide: in the video, and where it is measured

MEASURE = """async ([kind, width, height, data]) => {
    const checks = await import("/console/lib/capture_checks.js");
    const bytes = Uint8ClampedArray.from(atob(data), (byte) => byte.charCodeAt(0));
    const measures = checks.measure(kind, { width, height, data: bytes });
    return { ...measures, fault: checks.faultOf(kind, measures), width: checks.measuredWidth(kind) };
}"""


@dataclass(frozen=True)
class Measured:
    luminance: float
    glare: float
    detail: float
    sharpness: float
    fault: str | None
    width: int


@pytest.fixture(scope="module")
def page(browser: Any, system: Any) -> Any:
    console = Console(browser, system.url)
    yield console.open()
    console.close()


def measured(page: Page, kind: str, picture: Picture) -> Measured:
    pixels = cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA)
    return Measured(
        **page.evaluate(MEASURE, [kind, pixels.shape[1], pixels.shape[0], b64encode(pixels.tobytes()).decode()])
    )


def laplacian_variance(luminance: Any, inside: Any) -> float:
    inner = np.s_[1:-1, 1:-1]
    return float(cv2.Laplacian(luminance, cv2.CV_64F)[inner][inside[inner]].var())


@pytest.mark.parametrize("kind", ["document", "selfie"])
def test_measures_are_those_of_the_definition(page: Page, kind: str) -> None:
    picture = np.asarray(cv2.resize(photo("obama"), (120, 160), interpolation=cv2.INTER_AREA), np.uint8)
    picture[60:80, 40:80] = 255
    luminance = picture.astype(np.float64) @ (0.299, 0.587, 0.114)
    y, x = np.mgrid[0:160, 0:120]
    inside = (x > 0) & (x < 119) & (y > 0) & (y < 159)
    if kind == "selfie":
        inside &= ((x + 0.5) / 60 - 1) ** 2 + ((y + 0.5) / 80 - 1) ** 2 < 1
    found = measured(page, kind, picture)
    assert found.luminance == pytest.approx(luminance[inside].mean(), rel=0.01)
    white = np.all(picture >= 250, axis=2, keepdims=True)[..., 0]
    assert found.glare == pytest.approx(white[inside].mean(), rel=0.02)
    detail = laplacian_variance(luminance, inside)
    assert found.detail == pytest.approx(detail, rel=0.02)
    half = cv2.resize(luminance, (60, 80), interpolation=cv2.INTER_AREA)
    assert found.sharpness == pytest.approx(detail / laplacian_variance(half, inside[::2, ::2]), rel=0.03)


@pytest.mark.parametrize("kind", ["document", "selfie"])
def test_the_limits_of_light_are_those_of_the_services_quality_warnings(page: Page, kind: str) -> None:
    limits = QualityLimits()
    for level, fault in (
        (limits.min_luminance - 1, "too_dark"),
        (limits.min_luminance + 1, "blurred"),
        (limits.max_luminance - 1, "blurred"),
        (limits.max_luminance + 1, "too_bright"),
    ):
        assert measured(page, kind, np.full((60, 80, 3), level, np.uint8)).fault == fault


def seen_blurred(picture: Picture, kind: str, pixels: float) -> Picture:
    """Return the inside of the guide with a Gaussian blur of this standard deviation, as the console measures it."""
    width, small = WIDTHS[kind]
    full = cv2.resize(
        picture, (width, round(width * picture.shape[0] / picture.shape[1])), interpolation=cv2.INTER_CUBIC
    )
    blurred = cv2.GaussianBlur(full, (0, 0), pixels)
    return np.asarray(
        cv2.resize(blurred, (small, round(small * full.shape[0] / width)), interpolation=cv2.INTER_AREA), np.uint8
    )


def face(name: str) -> Picture:
    """Return the inside of the guide's box when the face has 0.8 of its width."""
    box, picture = FACES[name], photo(name)
    width = box.width / 0.8
    left, top = (box.left + box.right - width) / 2, max(0.0, (box.top + box.bottom - width / 0.75) / 2)
    return picture[int(top) : int(top + width / 0.75), int(left) : int(left + width)]


DOCUMENTS = [
    make(name).picture
    for make in (cards.smart_id, cards.portrait_right, cards.driving_licence, pages.passport, pages.green_book)
    for name in ("astronaut", "obama")
]


def test_documents_with_a_slight_blur_are_sharp_and_those_that_the_service_reports_are_not(page: Page) -> None:
    slight = [measured(page, "document", seen_blurred(each, "document", 1.5)) for each in DOCUMENTS]
    strong = [measured(page, "document", seen_blurred(each, "document", 3)) for each in DOCUMENTS]
    assert {each.fault for each in slight} == {None}
    assert {each.fault for each in strong} == {"blurred"}
    assert {each.width for each in slight} == {WIDTHS["document"][1]}


def test_faces_with_a_slight_blur_are_sharp_and_those_with_a_strong_one_are_not(page: Page) -> None:
    slight = [measured(page, "selfie", seen_blurred(face(name), "selfie", 2)) for name in FACES]
    strong = [measured(page, "selfie", seen_blurred(face(name), "selfie", 6)) for name in FACES]
    assert {each.fault for each in slight} == {None}
    assert {each.fault for each in strong} == {"blurred"}
    assert {each.width for each in slight} == {WIDTHS["selfie"][1]}
