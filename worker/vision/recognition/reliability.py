"""When the verdict on two faces should not be relied on, because one of them shows too little."""

from dataclasses import dataclass
from typing import Literal

from worker.vision.errors import Role
from worker.vision.quality import Quality

Reason = Literal["too_small", "blurred", "turned_away"]

MIN_EYE_DISTANCE = 13.0
"""Pixels. With SFace at a distance of 0.6 and one of two photographs reduced, 0.7% of pairs of one person are
missed at 13 to 18 pixels between the eyes, 2.6% at 11 to 13, 5.4% at 9 to 11 and 21% at 7 to 9 (`python -m bench
evidence FOLDER` over 140 pairs of 52 people). False matches do not grow more frequent."""

MIN_SHARPNESS = 10.0
"""Grey levels squared, as ``Quality.sharpness``. With one of two photographs blurred, 1.9% are missed at 12 to 20,
8.3% at 8 to 12 and 44% at 5 to 8 (the same command)."""

_DYNAMIC_RANGE = 120.0
"""Grey levels, as ``Quality.dynamic_range``, of a well-lit photograph: sharpness is brought to it."""

MAX_YAW = 50.0
"""Degrees. A precaution rather than a measured limit: of 27 pairs in which one face is turned farther none was
missed (interval 0 to 12.8%)."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why the face of one of the two pictures is poor evidence."""

    role: Role
    reason: Reason


def doubts(selfie: Quality, id_photo: Quality) -> tuple[Doubt, ...]:
    """Return what speaks against relying on a comparison of two faces of such quality."""
    faces: tuple[tuple[Role, Quality], ...] = ("selfie", selfie), ("id_photo", id_photo)
    return tuple(Doubt(role, reason) for role, quality in faces for reason in _reasons(quality))


def _reasons(quality: Quality) -> list[Reason]:
    # Sharpness grows with the square of contrast: without this a dark face, though sharp, would count as blurred.
    contrast = max(quality.dynamic_range, 1.0) / _DYNAMIC_RANGE
    checks: dict[Reason, bool] = {
        "too_small": quality.eye_distance < MIN_EYE_DISTANCE,
        "blurred": quality.sharpness / contrast**2 < MIN_SHARPNESS,
        "turned_away": abs(quality.yaw) > MAX_YAW,
    }
    return [reason for reason, applies in checks.items() if applies]
