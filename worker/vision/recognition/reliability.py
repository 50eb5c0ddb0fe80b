"""Warnings that a verdict is unreliable because one of the two faces shows too little."""

from dataclasses import dataclass
from typing import Literal

from worker.vision.errors import Role
from worker.vision.quality import Quality

Reason = Literal["too_small", "blurred", "turned_away"]

MIN_EYE_DISTANCE = 13.0
"""Pixels. With SFace at a distance of 0.6 and one of two photographs reduced, 0.7% of the pairs of one person are
missed at 13 to 18 pixels between the eyes, 2.6% at 11 to 13, 5.4% at 9 to 11 and 21% at 7 to 9 (`python -m bench
evidence FOLDER` over 140 pairs of 52 people). False matches do not become more frequent."""

MIN_SHARPNESS = 10.0
"""Grey levels squared, as ``Quality.sharpness``. With one of two photographs blurred, 1.9% of the pairs of one person
are missed at 12 to 20, 8.3% at 8 to 12 and 44% at 5 to 8 (the same command)."""

_DYNAMIC_RANGE = 120.0
"""Grey levels, as ``Quality.dynamic_range``, of a well-lit photograph. Sharpness is normalised to this value."""

MAX_YAW = 50.0
"""Degrees. This is a precaution and not a measured limit: none of 27 pairs in which one face is turned farther was
missed (interval 0 to 12.8%)."""


@dataclass(frozen=True, slots=True)
class ReliabilityWarning:
    """Why a verdict that is based on the face of one of the two pictures is unreliable."""

    role: Role
    reason: Reason


def reliability_warnings(selfie: Quality, id_photo: Quality) -> tuple[ReliabilityWarning, ...]:
    """Return the reasons not to rely on a comparison of two faces with this quality."""
    faces: tuple[tuple[Role, Quality], ...] = ("selfie", selfie), ("id_photo", id_photo)
    return tuple(ReliabilityWarning(role, reason) for role, quality in faces for reason in _reasons(quality))


def _reasons(quality: Quality) -> list[Reason]:
    # Sharpness grows with the square of the contrast. Without normalisation, a sharp but dark face would count as
    # blurred.
    contrast = max(quality.dynamic_range, 1.0) / _DYNAMIC_RANGE
    checks: dict[Reason, bool] = {
        "too_small": quality.eye_distance < MIN_EYE_DISTANCE,
        "blurred": quality.sharpness / contrast**2 < MIN_SHARPNESS,
        "turned_away": abs(quality.yaw) > MAX_YAW,
    }
    return [reason for reason, applies in checks.items() if applies]
