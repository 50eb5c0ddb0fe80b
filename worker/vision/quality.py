"""Quality of a portrait: warnings while the applicant can still take another picture.

The terms are those of ISO/IEC 29794-5 (face image quality): sharpness, luminance mean, dynamic range, over-exposure,
inter-eye distance, head pose. The measures are simple ones of the same properties. They are not the algorithms of the
standard, whose networks we may not distribute.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from worker.vision.geometry import Box, Image
from worker.vision.page_face import FaceGeometry, PageFace, cut_out

_EYE_DISTANCE = 60.0
"""Maximum distance between the eyes, in pixels, at which sharpness is measured. A larger face is reduced to it, since
the detail that a comparison can use is what matters, not the resolution of the camera."""

_GLARE = (250, 250, 250), (255, 255, 255)  # range of the channels of a pixel in which no detail of the face is left


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """Values of the quality measures beyond which there is a warning.

    With the defaults, no specimen portrait has a warning.
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
    """Quality measures of a portrait's face.

    Attributes
    ----------
    eye_distance
        Inter-eye distance in pixels, at the resolution of the picture that shows the face.
    sharpness
        Variance of the Laplacian of the luminance, in grey levels squared, with at most 60 pixels between the eyes.
    luminance_mean
        0..255.
    dynamic_range
        Difference between the 5th and the 95th percentile of the luminance, in grey levels.
    glare
        Fraction of the face that is pure white, 0..1.
    yaw, pitch, roll
        Degrees, estimated from five landmarks before the face is levelled. With positive yaw the face turns to the
        right of the picture, with positive pitch it looks down, with positive roll it leans counter-clockwise.
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


def assess(page_face: PageFace, limits: QualityLimits) -> Quality:
    """Measure the quality of a face and compare it with the limits."""
    face, geometry = page_face.face, page_face.geometry
    apart = float(
        np.hypot(*(face.landmarks[1] - face.landmarks[0]))
    )  # pixels of the page, to which scales are relative
    native_scale = page_face.native_scale
    scale = min(native_scale, _EYE_DISTANCE / max(apart, 1.0))
    sample = cut_out(page_face, _inner(face.box, geometry.inner_margin), page_face.tilt, scale=scale)
    luminance = cv2.cvtColor(sample, cv2.COLOR_RGB2GRAY)
    low, high = np.percentile(luminance, (5, 95))
    yaw, pitch = _pose(page_face, geometry)
    measures = {
        "eye_distance": native_scale * apart,
        "sharpness": float(cv2.Laplacian(luminance, cv2.CV_32F).var()),
        "luminance_mean": float(luminance.mean()),
        "dynamic_range": float(high - low),
        "glare": cv2.countNonZero(cv2.inRange(sample, *_GLARE)) / luminance.size,
        "yaw": yaw,
        "pitch": pitch,
        "roll": face.roll,
    }
    return Quality(**measures, warnings=_warnings(measures, limits))


def rms_contrast(picture: Image) -> float:
    """Return the root mean square contrast of an RGB picture: standard deviation over mean of its luminance."""
    luminance = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float(luminance.std() / max(float(luminance.mean()), 1.0))


def _inner(box: Box, margin: float) -> Box:
    """Return the middle of a face's box, without hair and background."""
    x, y = margin * box.width, margin * box.height
    return Box(box.left + x, box.top + y, box.right - x, box.bottom - y)


def _pose(page_face: PageFace, geometry: FaceGeometry) -> tuple[float, float]:
    """Estimate yaw and pitch in degrees from the position of the nose tip between eyes and mouth."""
    points = page_face.face.landmarks.astype(np.float64) @ np.array([[1.0], [1j]])
    left_eye, right_eye, nose, left_mouth, right_mouth = points[:, 0]
    across = right_eye - left_eye
    width = abs(across)
    if width == 0.0:
        return 0.0, 0.0
    # In a frame with the origin between the eyes, x along them, and their distance as the unit.
    eyes, mouth = (left_eye + right_eye) / 2, (left_mouth + right_mouth) / 2
    nose, mouth = (nose - eyes) / across, (mouth - eyes) / across
    expected_x = mouth.real * geometry.frontal_nose
    yaw = math.degrees(math.asin(float(np.clip((nose.real - expected_x) / geometry.nose_depth, -1.0, 1.0))))
    below = nose.imag - geometry.frontal_nose * mouth.imag
    pitch = math.degrees(math.asin(float(np.clip(below / geometry.nose_depth, -1.0, 1.0))))
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
