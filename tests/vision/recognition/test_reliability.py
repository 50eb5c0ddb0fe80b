"""Faces that make a verdict unreliable, and the reasons."""

from dataclasses import replace
from typing import Any

import pytest

from worker.vision.quality import Quality
from worker.vision.recognition.reliability import (
    MAX_YAW,
    MIN_EYE_DISTANCE,
    MIN_SHARPNESS,
    ReliabilityWarning,
    reliability_warnings,
)

GOOD = Quality(
    eye_distance=60,
    sharpness=200,
    luminance_mean=130,
    dynamic_range=120,
    glare=0,
    yaw=0,
    pitch=0,
    roll=0,
    warnings=(),
)


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({}, []),
        ({"eye_distance": MIN_EYE_DISTANCE - 0.1}, ["too_small"]),
        ({"eye_distance": MIN_EYE_DISTANCE}, []),
        ({"sharpness": MIN_SHARPNESS - 0.1}, ["blurred"]),
        ({"sharpness": MIN_SHARPNESS}, []),
        ({"yaw": MAX_YAW + 1}, ["turned_away"]),
        ({"yaw": -MAX_YAW - 1}, ["turned_away"]),
        ({"yaw": MAX_YAW}, []),
        ({"eye_distance": 5, "sharpness": 1}, ["too_small", "blurred"]),
    ],
)
def test_each_measure_beyond_its_limit_gives_a_warning(changes: dict[str, Any], reasons: list[str]) -> None:
    assert [warning.reason for warning in reliability_warnings(GOOD, replace(GOOD, **changes))] == reasons


def test_a_sharp_dark_face_is_not_blurred() -> None:
    dark = replace(GOOD, sharpness=GOOD.sharpness * 0.15**2, dynamic_range=GOOD.dynamic_range * 0.15)
    assert dark.sharpness < MIN_SHARPNESS
    assert reliability_warnings(GOOD, dark) == ()


def test_a_warning_names_its_picture() -> None:
    small = replace(GOOD, eye_distance=8)
    assert reliability_warnings(small, GOOD) == (ReliabilityWarning("selfie", "too_small"),)
    assert reliability_warnings(GOOD, small) == (ReliabilityWarning("id_photo", "too_small"),)
