"""Page and face in, upright crop out."""

from dataclasses import dataclass

import cv2
import numpy as np
import simplejpeg

from worker.vision.documents import Page
from worker.vision.geometry import Box, Face, Image, turn_face, turn_points, turn_size

# The crop around the face's box, in heights of the box: the proportions of an ICAO portrait (ISO/IEC 19794-5), 35 by
# 45 mm with the head, chin to crown, about three quarters of the height.
_ABOVE = 0.50
_BELOW = 0.45
_ASPECT = 35 / 45

LEVEL = 5.0
"""Degrees of roll below which a crop is not levelled: within the noise of landmarks and of how people hold their heads,
and an unturned crop keeps its pixels as they were."""

MAX_SIDE = 1024
"""Pixels of the longer side of a portrait; a larger one is reduced. A 45 mm portrait scanned at 576 dpi reaches it."""

JPEG_QUALITY = 92


@dataclass(frozen=True, slots=True)
class PlacedFace:
    """A face and how its page lies.

    Attributes
    ----------
    face
        In the frame of the page after ``quarters`` turns.
    quarters
        Counter-clockwise quarter turns that bring the page the right way up.

    """

    page: Page
    face: Face
    quarters: int

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height of the page the right way up."""
        return turn_size(self.page.size, self.quarters)

    @property
    def page_box(self) -> Box:
        """The face's box in the frame of the page as it lies."""
        return turn_face(self.face, self.upright_size, -self.quarters).box

    @property
    def detail(self) -> float:
        """Scale at which the face has the pixels of the picture that shows it, at most 1."""
        return self.page.detail(self.page_box)

    @property
    def tilt(self) -> float:
        """Degrees that the face leans counter-clockwise once its page is turned; 0 where that is within noise."""
        roll = self.face.roll
        return roll if abs(roll) > LEVEL else 0.0

    @property
    def rotation(self) -> float:
        """Degrees, 0..360, that the face is turned counter-clockwise on the page as it lies: what is undone."""
        return round((self.tilt - 90 * self.quarters) % 360, 1) % 360


def crop_portrait(placed: PlacedFace) -> Image:
    """Cut out head and shoulders, upright, in the pixels of the picture that shows them up to ``MAX_SIDE``.

    Returns
    -------
    Image
        uint8 RGB, 35:45 where the page is large enough around the face.

    """
    face = placed.face
    height = (1 + _ABOVE + _BELOW) * face.box.height
    width = _ASPECT * height
    centre = face.box.centre
    # Above and below differ, so the crop's middle lies below or above the face's, along the face's own vertical.
    shift = (_BELOW - _ABOVE) / 2 * face.box.height
    angle = np.radians(placed.tilt)
    middle = centre[0] + shift * np.sin(angle), centre[1] + shift * np.cos(angle)
    rectangle = _around(middle, (width, height))
    if placed.tilt == 0.0:
        rectangle = rectangle.clipped(*placed.upright_size)
    # Rounding to whole pixels can add one.
    scale = min(placed.detail, MAX_SIDE / (max(rectangle.width, rectangle.height) + 1))
    return cut_out(placed, rectangle, placed.tilt, scale)


def cut_out(placed: PlacedFace, rectangle: Box, tilt: float = 0.0, scale: float = 1.0) -> Image:
    """Cut a rectangle out of a page, turned the right way up and levelled.

    Parameters
    ----------
    placed
        Names the page and its quarter turns.
    rectangle
        In the frame of the turned page at full resolution, before it leans.
    tilt
        Degrees that the rectangle leans counter-clockwise about its centre.
    scale
        Of the result to full resolution, at most 1.

    Returns
    -------
    Image
        uint8 RGB, of the rectangle's size times the scale; what lies outside the page repeats the page's edge.

    """
    if tilt == 0.0:
        return _region(placed, _whole(rectangle), scale)
    (x, y), radius = rectangle.centre, float(np.hypot(rectangle.width, rectangle.height)) / 2
    around = _whole(Box(x - radius, y - radius, x + radius, y + radius))
    width, height = max(1, round(scale * rectangle.width)), max(1, round(scale * rectangle.height))
    middle = scale * (x - around.left), scale * (y - around.top)
    matrix = cv2.getRotationMatrix2D(middle, -tilt, 1.0)
    matrix[:, 2] += np.array([width / 2 - middle[0], height / 2 - middle[1]])
    levelled = cv2.warpAffine(
        _region(placed, around, scale), matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(levelled, dtype=np.uint8)


def encode_jpeg(image: Image, quality: int = JPEG_QUALITY) -> bytes:
    """Encode an RGB picture as JPEG."""
    return bytes(simplejpeg.encode_jpeg(np.ascontiguousarray(image), quality=quality, colorsubsampling="420"))


def _around(middle: tuple[float, float], size: tuple[float, float]) -> Box:
    return Box(middle[0] - size[0] / 2, middle[1] - size[1] / 2, middle[0] + size[0] / 2, middle[1] + size[1] / 2)


def _whole(box: Box) -> Box:
    """Round a box to whole pixels, at least one each way."""
    left, top = round(box.left), round(box.top)
    return Box(left, top, max(left + 1, round(box.right)), max(top + 1, round(box.bottom)))


def _region(placed: PlacedFace, box: Box, scale: float) -> Image:
    """Return a box of whole pixels of the turned page, repeating the page's edge where the box leaves it."""
    width, height = placed.upright_size
    left, top = min(max(int(box.left), 0), width - 1), min(max(int(box.top), 0), height - 1)
    right, bottom = max(min(int(box.right), width), left + 1), max(min(int(box.bottom), height), top + 1)
    corners = np.array([[left, top], [right, bottom]], dtype=np.float32)
    (x1, y1), (x2, y2) = turn_points(corners, (width, height), -placed.quarters).tolist()
    inside = placed.page.region(Box(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)), scale)
    above, below, before, after = (
        max(0, round(scale * gap)) for gap in (top - box.top, box.bottom - bottom, left - box.left, box.right - right)
    )
    upright = np.ascontiguousarray(np.rot90(inside, placed.quarters))
    if not any((above, below, before, after)):
        return upright
    filled = cv2.copyMakeBorder(upright, above, below, before, after, cv2.BORDER_REPLICATE)
    return np.asarray(filled, dtype=np.uint8)
