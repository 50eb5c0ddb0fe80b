"""Boxes, points and quarter turns, in pixels.

The origin is the top left corner of the picture; x increases to the right and y increases downwards. Coordinates are
positions on the grid of pixel edges, so that a picture of width W spans 0..W. Angles are in degrees; positive angles
are counter-clockwise as the viewer sees the picture.
"""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""A picture: uint8 ``(height, width, 3)``, RGB."""

Points = NDArray[np.float32]
"""Points: float32 ``(n, 2)``, x then y, in pixels."""


@dataclass(frozen=True, slots=True)
class Box:
    """An axis-aligned bounding box."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def area(self) -> float:
        return self.width * self.height

    @property
    def centre(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def scaled(self, factor: float) -> Self:
        """Return the box in a picture that is ``factor`` times as large."""
        return type(self)(self.left * factor, self.top * factor, self.right * factor, self.bottom * factor)

    def moved(self, x: float, y: float) -> Self:
        return type(self)(self.left + x, self.top + y, self.right + x, self.bottom + y)

    def clipped(self, width: float, height: float) -> Self:
        """Return the part of the box inside a picture of this size."""
        return type(self)(
            min(max(self.left, 0.0), width),
            min(max(self.top, 0.0), height),
            min(max(self.right, 0.0), width),
            min(max(self.bottom, 0.0), height),
        )

    def iou(self, other: "Box") -> float:
        """Return intersection over union, 0..1."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        if width <= 0 or height <= 0:
            return 0.0
        intersection = width * height
        return intersection / (self.area + other.area - intersection)


@dataclass(frozen=True, slots=True)
class DetectedFace:
    """A face as a detector returns it.

    Attributes
    ----------
    box
        Bounding box of the face (not of the head).
    landmarks
        float32 ``(5, 2)``: the eye on the left of an upright picture, the eye on the right, the nose tip, the left and
        the right corner of the mouth.
    score
        Confidence of the detector, 0..1.

    """

    box: Box
    landmarks: Points
    score: float

    @property
    def roll(self) -> float:
        """Return the counter-clockwise roll of the face in degrees, -180..180; 0 is upright."""
        (left_x, left_y), (right_x, right_y) = self.landmarks[0], self.landmarks[1]
        return math.degrees(math.atan2(left_y - right_y, right_x - left_x))

    def scaled(self, factor: float) -> "DetectedFace":
        return DetectedFace(self.box.scaled(factor), self.landmarks * np.float32(factor), self.score)


def turn_size(size: tuple[int, int], quarters: int) -> tuple[int, int]:
    """Return (width, height) of a picture after this number of quarter turns."""
    return size if quarters % 2 == 0 else (size[1], size[0])


def turn_points(points: Points, size: tuple[int, int], quarters: int) -> Points:
    """Map points of a picture to their positions in ``np.rot90(picture, quarters)``.

    Parameters
    ----------
    points
        float32 ``(n, 2)``.
    size
        (width, height) of the picture before the turn.
    quarters
        Counter-clockwise quarter turns; negative for clockwise.

    """
    width, height = size
    x, y = points[:, 0], points[:, 1]
    match quarters % 4:
        case 0:
            turned = (x, y)
        case 1:
            turned = (y, width - x)
        case 2:
            turned = (width - x, height - y)
        case _:
            turned = (height - y, x)
    return np.stack(turned, axis=1).astype(np.float32)


def rotate_points(points: Points, degrees: float) -> Points:
    """Rotate points counter-clockwise about the origin: float32 ``(n, 2)`` in and out."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.asarray(points @ np.array([[cosine, -sine], [sine, cosine]]), dtype=np.float32)


def similarity(source: NDArray[np.floating], target: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the 2x3 matrix of the least-squares similarity (scale, rotation, translation) from source to target."""
    # With complex numbers, scale and rotation are one factor.
    one, other = (points.astype(np.float64) @ np.array([1.0, 1j]) for points in (source, target))
    around = one - one.mean()
    factor = np.vdot(around, other - other.mean()) / np.vdot(around, around)
    shift = other.mean() - factor * one.mean()
    return np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]])


def turn_face(face: DetectedFace, size: tuple[int, int], quarters: int) -> DetectedFace:
    """Map a face of a picture of this (width, height) to the picture after counter-clockwise quarter turns."""
    corners = np.array([[face.box.left, face.box.top], [face.box.right, face.box.bottom]], dtype=np.float32)
    (x1, y1), (x2, y2) = turn_points(corners, size, quarters).tolist()
    box = Box(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
    return DetectedFace(box, turn_points(face.landmarks, size, quarters), face.score)
