"""Quality: good documents have no warning, and each fault has its own warning."""

import cv2
import numpy as np
import pytest

from tests.conftest import Specimen
from tests.labelled.documents import documents
from tests.support.compose import card, jpeg, png
from tests.support.photos import Picture, photo
from worker.vision import Engine, Quality, QualityLimits, extract_face
from worker.vision.detection.centerface import CENTERFACE


def quality(picture: Picture, engine: Engine, **limits: float) -> Quality:
    return extract_face(png(picture), quality_limits=QualityLimits(**limits), engine=engine).quality


def scaled(picture: Picture, factor: float, offset: float = 0.0) -> Picture:
    return np.asarray(np.clip(picture * factor + offset, 0, 255), np.uint8)


@pytest.mark.parametrize("name", ["obama", "obama2", "biden", "astronaut"])
def test_a_good_card_has_no_warning(name: str, engine: Engine) -> None:
    assert quality(card(name), engine).warnings == ()


def test_good_specimens_have_no_warning(real_specimens: list[Specimen], engine: Engine) -> None:
    warned = {
        specimen.path.name: result.quality.warnings
        for specimen in real_specimens
        if specimen.portrait
        for result in [extract_face(specimen.path.read_bytes(), engine=engine)]
        if result.quality.warnings
    }
    assert warned == {}


@pytest.mark.accuracy
def test_composed_documents_have_no_warning_except_dark_or_faxed_ones(engine: Engine) -> None:
    good = [each for each in documents() if each.portrait and each.kind not in {"low light", "fax"}]
    warnings = {each.name: extract_face(each.data, engine=engine).quality.warnings for each in good}
    assert {name: found for name, found in warnings.items() if found} == {}


@pytest.mark.accuracy
def test_composed_documents_in_low_light_are_too_dark(engine: Engine) -> None:
    dark = [each for each in documents() if each.kind == "low light"]
    warnings = {each.name: extract_face(each.data, engine=engine).quality.warnings for each in dark}
    assert [name for name, found in warnings.items() if "too_dark" not in found] == []


def test_a_blurred_portrait_is_blurry(engine: Engine) -> None:
    blurred = np.asarray(cv2.GaussianBlur(card(), (0, 0), 6), np.uint8)
    assert "blurry" in quality(blurred, engine).warnings
    assert quality(blurred, engine).sharpness < quality(card(), engine).sharpness


def test_a_dark_portrait_is_too_dark(engine: Engine) -> None:
    assert "too_dark" in quality(scaled(card(), 0.12), engine).warnings


def test_a_washed_out_portrait_is_too_bright_and_of_low_contrast(engine: Engine) -> None:
    warnings = quality(scaled(card(), 0.15, 215), engine).warnings
    assert {"too_bright", "low_contrast"} <= set(warnings)


def test_a_small_portrait_is_too_small(engine: Engine) -> None:
    small = np.asarray(cv2.resize(card(), (300, 189), interpolation=cv2.INTER_AREA), np.uint8)
    assert "too_small" in quality(small, engine).warnings
    assert quality(small, engine).eye_distance == pytest.approx(0.3 * quality(card(), engine).eye_distance, rel=0.1)


def test_glare_on_the_face_gives_a_warning(engine: Engine) -> None:
    document = card()
    cv2.ellipse(document, (230, 265), (30, 45), 0, 0, 360, (255, 255, 255), -1)
    assert "glare" in quality(document, engine).warnings


@pytest.mark.long
def test_a_mirrored_face_has_the_opposite_yaw_and_roll(engine: Engine) -> None:
    one = quality(photo("biden"), engine)
    other = quality(np.ascontiguousarray(photo("biden")[:, ::-1]), engine)
    assert one.yaw == pytest.approx(-other.yaw, abs=6)
    assert one.roll == pytest.approx(-other.roll, abs=CENTERFACE.geometry.min_roll)
    assert one.pitch == pytest.approx(other.pitch, abs=6)


def test_warnings_depend_on_the_limits(engine: Engine) -> None:
    assert quality(card(), engine, min_sharpness=1e6, max_pose=0.0).warnings == ("blurry", "turned_away")


def test_quality_is_measured_on_documents_of_any_format(engine: Engine) -> None:
    assert extract_face(jpeg(card(), quality=60), engine=engine).quality.warnings == ()
