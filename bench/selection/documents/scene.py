"""A picture with the positions of its faces. Every geometric operation maps both.

Coordinates are pixels of the picture, with the origin at the top left corner, x to the right and y down. A face is
stored as the ellipse in its box, because the bounding box of a rotated ellipse fits more closely than that of a rotated
box.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.labelled.scene import Outline
from worker.vision.geometry import Box, Image

Matrix = NDArray[np.float64]
"""A 3x3 projective transform of pixel coordinates."""

Effect = Callable[[Image], Image]
"""Changes the pixels of a picture without changing its geometry."""


@dataclass(frozen=True)
class Scene:
    """A document with known faces.

    Attributes
    ----------
    picture
        uint8 ``(height, width, 3)``, RGB.
    portrait
        The holder's face; None if there is none.
    ghosts
        Ghost portraits of the holder.
    others
        Faces of other people, on paper or on stamps.

    """

    picture: Image
    portrait: Outline | None = None
    ghosts: tuple[Outline, ...] = ()
    others: tuple[Outline, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.picture.shape[1], self.picture.shape[0]

    @property
    def face(self) -> Box:
        """Box of the holder's face.

        Raises
        ------
        ValueError
            The document has no face.

        """
        if self.portrait is None:
            raise ValueError("a document without a face")
        return self.portrait.box

    @property
    def face_height(self) -> float:
        """Height of the holder's face in pixels."""
        return self.face.height

    def changed(self, *effects: Effect) -> Self:
        """Return the scene after applying these effects in order."""
        picture = self.picture
        for effect in effects:
            picture = effect(picture)
        return replace(self, picture=picture)

    def mapped(self, picture: Image, matrix: Matrix) -> Self:
        """Return another picture with the transformed faces of this one."""
        return type(self)(
            picture,
            None if self.portrait is None else self.portrait.warped(matrix),
            tuple(ghost.warped(matrix) for ghost in self.ghosts),
            tuple(other.warped(matrix) for other in self.others),
        )

    def scaled(self, factor: float) -> Self:
        """Return the scene scaled by this factor."""
        width, height = self.size
        size = max(1, round(width * factor)), max(1, round(height * factor))
        return self.mapped(resized(self.picture, size), np.diag([size[0] / width, size[1] / height, 1.0]))

    def turned(self, quarters: int) -> Self:
        """Return the scene after this number of quarter turns counter-clockwise."""
        width, height = self.size
        matrices = (
            [[1.0, 0, 0], [0, 1, 0], [0, 0, 1]],
            [[0.0, 1, 0], [-1, 0, width], [0, 0, 1]],
            [[-1.0, 0, width], [0, -1, height], [0, 0, 1]],
            [[0.0, -1, height], [1, 0, 0], [0, 0, 1]],
        )
        picture = np.ascontiguousarray(np.rot90(self.picture, quarters))
        return self.mapped(picture, np.array(matrices[quarters % 4]))

    def pasted_on(self, page: Image, left: int, top: int) -> Self:
        """Draw the scene into a page without scaling. Return the page as a scene with the faces of this scene."""
        width, height = self.size
        page[top : top + height, left : left + width] = self.picture
        return self.mapped(page, np.array([[1.0, 0, left], [0, 1, top], [0, 0, 1]]))

    def warped_onto(self, background: Image, corners: NDArray[np.float32]) -> Self:
        """Draw the scene into a background with a perspective transform.

        Parameters
        ----------
        background
            Changed in place.
        corners
            float32 ``(4, 2)``: target positions of the top left, top right, bottom right and bottom left corner.

        """
        width, height = self.size
        own = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
        matrix = np.asarray(cv2.getPerspectiveTransform(own, corners), np.float64)
        size = background.shape[1], background.shape[0]
        transparent = cv2.BORDER_TRANSPARENT
        cv2.warpPerspective(self.picture, matrix, size, dst=background, flags=cv2.INTER_LINEAR, borderMode=transparent)
        return self.mapped(background, matrix)

    def joined(self, picture: Image, *scenes: "Scene") -> Self:
        """Return this scene with the faces of other scenes on the same picture. Their holders become other people."""
        others = [face for scene in scenes for face in (*scene.others, *([scene.portrait] if scene.portrait else []))]
        ghosts = [ghost for scene in scenes for ghost in scene.ghosts]
        return replace(self, picture=picture, ghosts=(*self.ghosts, *ghosts), others=(*self.others, *others))


def decoded(data: bytes) -> Image:
    """Decode a JPEG or PNG file to RGB.

    Raises
    ------
    ValueError
        The data are neither.

    """
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    if picture is None:
        raise ValueError("neither a JPEG nor a PNG file")
    return np.asarray(picture, np.uint8)


def resized(picture: Image, size: tuple[int, int]) -> Image:
    """Resize to (width, height) in pixels, by area to reduce and cubic to enlarge."""
    smaller = size[0] < picture.shape[1]
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC), np.uint8)
