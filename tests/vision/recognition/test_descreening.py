"""The raster of a printed photograph is removed from a face, and a photograph is unchanged."""

import cv2
import numpy as np
import pytest

from tests.support.compose import card, jpeg, png
from tests.support.photos import Picture, photo
from worker.vision import Engine, Limits, compare_faces
from worker.vision.documents import open_document
from worker.vision.recognition import five_point_encoder
from worker.vision.recognition.descreening import descreen
from worker.vision.selection.portrait_selection import select_portrait

pytestmark = pytest.mark.accuracy


def halftone(picture: Picture, pitch: float) -> Picture:
    """Print with black dots, whose size depends on the luminance, in a square raster at 45 degrees."""
    height, width = picture.shape[:2]
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    screen = np.cos(np.pi * (x + y) / pitch) * np.cos(np.pi * (x - y) / pitch)
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) / 255 * 2 - 1
    return np.repeat(np.where(grey > screen, 255, 0).astype(np.uint8)[..., None], 3, axis=2)


def aligned(data: bytes, engine: Engine) -> Picture:
    with open_document(data, Limits()) as document:
        return engine.align(select_portrait(document, engine).portrait)


@pytest.fixture
def raw_chips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(five_point_encoder, "descreen", lambda chip: chip)


@pytest.mark.usefixtures("raw_chips")
@pytest.mark.parametrize("name", ["obama", "obama2", "biden", "astronaut"])
def test_a_sharp_photograph_is_unchanged(name: str, engine: Engine) -> None:
    for data in (png(photo(name)), jpeg(card(name))):
        chip = aligned(data, engine)
        np.testing.assert_array_equal(descreen(chip), chip)


def roughness(picture: Picture) -> float:
    return float(np.abs(np.diff(picture.astype(int), axis=1)).mean())


@pytest.mark.usefixtures("raw_chips")
def test_a_raster_is_removed(engine: Engine) -> None:
    chip = aligned(jpeg(halftone(card("obama2"), 4.0)), engine)
    assert roughness(descreen(chip)) < 0.6 * roughness(chip)


def test_a_halftone_print_is_nearer_to_its_person_than_to_a_stranger(engine: Engine) -> None:
    printed = jpeg(halftone(card("obama2"), 4.0))
    same = compare_faces(png(photo("obama")), printed, engine=engine)
    other = compare_faces(png(photo("biden")), printed, engine=engine)
    assert same.distance < 0.9 * other.distance
