"""Why a portrait may be unusable, while the applicant can still take another picture.

The terms are those of ISO/IEC 29794-5 (face image quality) where it has them: sharpness, luminance mean, dynamic range,
over-exposure, inter-eye distance, head pose. The measures are simple ones of the same things, not the standard's
algorithms, whose networks are not ours to ship.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from worker.vision.geometry import Box
from worker.vision.portrait import PlacedFace, cut_out

_EYE_DISTANCE = 60.0
"""Pixels between the eyes at which sharpness is measured, or fewer where there are fewer: what matters is the detail
that comparison can use, not the camera's resolution."""

_GLARE_LEVEL = 250  # of 255, in every channel: nothing of the face is left there

# Where a frontal face has its nose tip between eyes (0) and mouth (1), and how far the tip stands out of their plane,
# in distances between the eyes: of 25 specimen portraits these leave yaw and pitch within 9 degrees of frontal.
_FRONTAL_NOSE = 0.55
_NOSE_DEPTH = 0.45


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """From where on a measure is a warning.

    The defaults leave all specimen portraits without a warning.
    """

    min_eye_distance: float = 20.0
    min_sharpness: float = 30.0
    min_luminance: float = 35.0
    max_luminance: float = 225.0
    min_dynamic_range: float = 40.0
    max_glare: float = 0.15
    max_pose: float = 35.0


@dataclass(frozen=True, slots=True)
class Quality:
    """Measures of a portrait's face, before it is levelled.

    Attributes
    ----------
    eye_distance
        Inter-eye distance, pixels at full resolution.
    sharpness
        Variance of the Laplacian of the luminance, grey levels squared, at 60 pixels between the eyes or fewer.
    luminance_mean
        0..255.
    dynamic_range
        Between the 5th and the 95th percentile of the luminance, grey levels.
    glare
        Share of the face that is pure white, 0..1.
    yaw, pitch, roll
        Degrees, estimated from five landmarks: positive yaw turns to the picture's right, positive pitch looks down,
        positive roll leans counter-clockwise.
    warnings
        Stable codes: ``too_small``, ``blurry``, ``too_dark``, ``too_bright``, ``low_contrast``, ``glare``,
        ``turned_away``.

    """

    eye_distance: float
    sharpness: float
    luminance_mean: float
    dynamic_range: float
    glare: float
    yaw: float
    pitch: float
    roll: float
    warnings: tuple[str, ...]


def assess(placed: PlacedFace, limits: QualityLimits) -> Quality:
    """Measure a face and compare with the limits."""
    face = placed.face
    apart = float(np.hypot(*(face.landmarks[1] - face.landmarks[0])))  # in pixels of the page, as scales are
    detail = placed.detail
    sample = cut_out(placed, _inner(face.box), placed.tilt, scale=min(detail, _EYE_DISTANCE / max(apart, 1.0)))
    luminance = cv2.cvtColor(sample, cv2.COLOR_RGB2GRAY)
    low, high = np.percentile(luminance, (5, 95))
    yaw, pitch = _pose(placed)
    measures = {
        "eye_distance": detail * apart,
        "sharpness": float(cv2.Laplacian(luminance, cv2.CV_32F).var()),
        "luminance_mean": float(luminance.mean()),
        "dynamic_range": float(high - low),
        "glare": float((sample >= _GLARE_LEVEL).all(axis=2).mean()),
        "yaw": yaw,
        "pitch": pitch,
        "roll": face.roll,
    }
    return Quality(**measures, warnings=_warnings(measures, limits))


def _inner(box: Box) -> Box:
    """Return the middle of a face's box, without hair and background: 80% of its sides."""
    x, y = 0.1 * box.width, 0.1 * box.height
    return Box(box.left + x, box.top + y, box.right - x, box.bottom - y)


def _pose(placed: PlacedFace) -> tuple[float, float]:
    """Estimate yaw and pitch in degrees from where the nose tip lies between eyes and mouth, the face levelled."""
    points = placed.face.landmarks.astype(np.float64) @ np.array([[1.0], [1j]])
    left_eye, right_eye, nose, left_mouth, right_mouth = points[:, 0]
    across = right_eye - left_eye
    width = abs(across)
    if width == 0.0:
        return 0.0, 0.0
    # In units of the distance between the eyes, x along them.
    eyes, mouth = (left_eye + right_eye) / 2, (left_mouth + right_mouth) / 2
    nose, mouth = (nose - eyes) / across, (mouth - eyes) / across
    expected_x = mouth.real * _FRONTAL_NOSE
    yaw = math.degrees(math.asin(float(np.clip((nose.real - expected_x) / _NOSE_DEPTH, -1.0, 1.0))))
    below = nose.imag - _FRONTAL_NOSE * mouth.imag
    pitch = math.degrees(math.asin(float(np.clip(below / _NOSE_DEPTH, -1.0, 1.0))))
    return yaw, pitch


def _warnings(measures: dict[str, float], limits: QualityLimits) -> tuple[str, ...]:
    checks = {
        "too_small": measures["eye_distance"] < limits.min_eye_distance,
        "blurry": measures["sharpness"] < limits.min_sharpness,
        "too_dark": measures["luminance_mean"] < limits.min_luminance,
        "too_bright": measures["luminance_mean"] > limits.max_luminance,
        "low_contrast": measures["dynamic_range"] < limits.min_dynamic_range,
        "glare": measures["glare"] > limits.max_glare,
        "turned_away": max(abs(measures["yaw"]), abs(measures["pitch"])) > limits.max_pose,
    }
    return tuple(code for code, applies in checks.items() if applies)
