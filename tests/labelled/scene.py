"""A picture and its faces. Pasting, scaling, tilting and perspective transform both.

The frame is that of ``worker.vision.geometry``: pixels of the picture, origin at the top left corner, x to the right, y
downwards. Angles are in degrees, counter-clockwise as the viewer sees the picture.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.support.compose import paste
from tests.support.photos import Picture
from worker.vision.geometry import Box, Points

Effect = Callable[[Picture], Picture]
"""Changes the pixels of a picture and keeps its geometry."""

Corners = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]
"""Top left, top right, bottom right and bottom left corner, in pixels of a picture."""

_POINTS = 64


@dataclass(frozen=True)
class Outline:
    """The outline of a face.

    Attributes
    ----------
    points
        float32 ``(n, 2)``, in pixels of the picture, counter-clockwise. In the upright face, the first point is on the
        right edge, and the point half way round is on the left edge.

    """

    points: Points

    @property
    def box(self) -> Box:
        """The bounding box of the outline."""
        (left, top), (right, bottom) = self.points.min(axis=0).tolist(), self.points.max(axis=0).tolist()
        return Box(left, top, right, bottom)

    @property
    def rotation(self) -> float:
        """Counter-clockwise rotation of the face in degrees, -180..180."""
        x, y = (self.points[0] - self.points[len(self.points) // 2]).tolist()
        return math.degrees(math.atan2(-y, x))

    def warped(self, matrix: NDArray[np.float64]) -> Self:
        """Return the outline after a 3x3 projective transformation of the picture."""
        return type(self)(cv2.perspectiveTransform(self.points[None], matrix)[0].astype(np.float32))


def outline_of(box: Box) -> Outline:
    """Return the outline of an upright face: the ellipse inscribed in its box.

    After a tilt, the bounding box of the ellipse fits the face more closely than the bounding box of the tilted box.
    """
    angles = np.linspace(0, 2 * np.pi, _POINTS, endpoint=False)
    x, y = box.centre
    points = [x + box.width / 2 * np.cos(angles), y - box.height / 2 * np.sin(angles)]
    return Outline(np.stack(points, axis=1).astype(np.float32))


@dataclass(frozen=True)
class Scene:
    """A picture with known faces.

    Attributes
    ----------
    picture
        uint8 RGB.
    portrait
        The face of the holder's portrait; None if the picture has no portrait.
    rivals
        Other faces that must not be chosen: ghost images, stamps, people in pictures.

    """

    picture: Picture
    portrait: Outline | None = None
    rivals: tuple[Outline, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """Return (width, height) in pixels."""
        return self.picture.shape[1], self.picture.shape[0]

    def changed(self, *effects: Effect) -> Self:
        """Return the scene after these effects, applied in order."""
        picture = self.picture
        for effect in effects:
            picture = effect(picture)
        assert picture.shape == self.picture.shape
        return replace(self, picture=picture)

    def shrunk(self, width: int) -> Self:
        """Return the scene reduced to this width in pixels, as by a messenger."""
        factor = width / self.size[0]
        size = width, round(factor * self.size[1])
        return self._mapped(
            np.asarray(cv2.resize(self.picture, size, interpolation=cv2.INTER_AREA), np.uint8),
            np.diag([factor, size[1] / self.size[1], 1.0]),
        )

    def pasted(self, page: Picture, box: Box) -> Self:
        """Return the page with this scene in a box, which is in pixels of the page and is rounded to whole pixels."""
        page = page.copy()
        box = Box(round(box.left), round(box.top), round(box.right), round(box.bottom))
        paste(page, self.picture, box)
        x, y = box.width / self.size[0], box.height / self.size[1]
        return self._mapped(page, np.array([[x, 0, box.left], [0, y, box.top], [0, 0, 1.0]]))

    def cut(self, left: int) -> Self:
        """Return the scene without this number of pixel columns on the left."""
        return self._mapped(self.picture[:, left:], np.array([[1.0, 0, -left], [0, 1, 0], [0, 0, 1]]))

    def tilted(self, degrees: float, *, scale: float = 0.8, background: int = 90) -> Self:
        """Return the scene rotated about its centre and reduced, on a grey background of the same size."""
        width, height = self.size
        matrix = np.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale), [0.0, 0.0, 1.0]])
        picture = cv2.warpAffine(
            self.picture, matrix[:2], self.size, flags=cv2.INTER_AREA, borderValue=(background,) * 3
        )
        return self._mapped(np.asarray(picture, np.uint8), matrix)

    def laid_on(self, background: Picture, corners: Corners) -> Self:
        """Return the background with this scene in perspective, with its corners at these points."""
        width, height = self.size
        own = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
        matrix = np.asarray(cv2.getPerspectiveTransform(own, np.array(corners, np.float32)), np.float64)
        picture = background.copy()
        size = picture.shape[1], picture.shape[0]
        cv2.warpPerspective(
            self.picture, matrix, size, dst=picture, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT
        )
        return self._mapped(picture, matrix)

    def _mapped(self, picture: Picture, matrix: NDArray[np.float64]) -> Self:
        """Return the picture with the faces of this scene, transformed by the matrix."""
        return type(self)(
            picture,
            None if self.portrait is None else self.portrait.warped(matrix),
            tuple(rival.warped(matrix) for rival in self.rivals),
        )
