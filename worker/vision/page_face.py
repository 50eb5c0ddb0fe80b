"""A detected face together with its page, and the pixels around it."""

from dataclasses import dataclass

import cv2
import numpy as np

from worker.vision.documents import Page
from worker.vision.geometry import Box, DetectedFace, Image, turn_face, turn_points, turn_size


@dataclass(frozen=True, slots=True)
class FaceGeometry:
    """How a detector places boxes and landmarks on a face. Each detector has its own values.

    Attributes
    ----------
    margin_above, margin_below
        Margins that a portrait adds above and below the box, in heights of the box.
    inner_margin
        Margin inside the box that may show hair or background, as a fraction of the box's width and height.
    min_roll
        Smallest roll that is corrected, in degrees. A smaller roll is within the noise of the landmarks.
    frontal_nose
        Position of the nose tip of a frontal face between the eyes (0) and the mouth (1).
    nose_depth
        Distance of the nose tip from the plane of eyes and mouth, in distances between the eyes.
    landmark_square
        The first square that dlib's landmark predictor receives: its side in geometric means of the box's width and
        height, and how far its centre lies below the centre of the box, in heights of the box.
    alignment_context
        Side of the region from which a five-point encoder aligns a face, in longer sides of the box.
    alignment_factor
        Largest side of the box in that region, in longer sides of the encoder's input.

    """

    margin_above: float
    margin_below: float
    inner_margin: float
    min_roll: float
    frontal_nose: float
    nose_depth: float
    landmark_square: tuple[float, float]
    alignment_context: float
    alignment_factor: float


@dataclass(frozen=True, slots=True)
class PageFace:
    """A detected face, its page, and the orientation of the page.

    Attributes
    ----------
    page
        The page that shows the face.
    face
        The face in the frame of the page after ``quarters`` turns.
    quarters
        Counter-clockwise quarter turns that make the page upright.
    geometry
        Geometry of the detector that found the face.

    """

    page: Page
    face: DetectedFace
    quarters: int
    geometry: FaceGeometry

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height of the upright page."""
        return turn_size(self.page.size, self.quarters)

    @property
    def page_box(self) -> Box:
        """The face's box in the frame of the page as it is stored."""
        return turn_face(self.face, self.upright_size, -self.quarters).box

    @property
    def native_scale(self) -> float:
        """Scale, at most 1, at which the face has the same pixels as the picture that shows it."""
        return self.page.native_scale(self.page_box)

    @property
    def tilt(self) -> float:
        """Counter-clockwise roll of the face on the upright page, in degrees; 0 if it is within noise."""
        roll = self.face.roll
        return roll if abs(roll) > self.geometry.min_roll else 0.0

    @property
    def rotation(self) -> float:
        """Counter-clockwise rotation of the face on the stored page, in degrees, 0..360. The portrait undoes it."""
        return round((self.tilt - 90 * self.quarters) % 360, 1) % 360


def cut_out(page_face: PageFace, rectangle: Box, tilt: float = 0.0, scale: float = 1.0) -> Image:
    """Cut a rectangle out of the upright page and level it.

    Parameters
    ----------
    page_face
        Gives the page and its quarter turns.
    rectangle
        In the frame of the upright page at full resolution, before it is tilted.
    tilt
        Counter-clockwise rotation of the rectangle about its centre, in degrees.
    scale
        Scale of the result relative to full resolution, at most 1.

    Returns
    -------
    Image
        uint8 RGB. Its size is the rectangle's size times the scale. Outside the page, the pixels of the page's edge
        are repeated.

    """
    if tilt == 0.0:
        return _region(page_face, _whole_pixels(rectangle), scale)
    (x, y), radius = rectangle.centre, float(np.hypot(rectangle.width, rectangle.height)) / 2
    around = _whole_pixels(Box(x - radius, y - radius, x + radius, y + radius))
    width, height = max(1, round(scale * rectangle.width)), max(1, round(scale * rectangle.height))
    middle = scale * (x - around.left), scale * (y - around.top)
    matrix = cv2.getRotationMatrix2D(middle, -tilt, 1.0)
    matrix[:, 2] += np.array([width / 2 - middle[0], height / 2 - middle[1]])
    region = _region(page_face, around, scale)
    levelled = cv2.warpAffine(region, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(levelled, dtype=np.uint8)


def _whole_pixels(box: Box) -> Box:
    """Round a box to whole pixels; each side has at least one."""
    left, top = round(box.left), round(box.top)
    return Box(left, top, max(left + 1, round(box.right)), max(top + 1, round(box.bottom)))


def _region(page_face: PageFace, box: Box, scale: float) -> Image:
    """Return a box of whole pixels of the upright page; outside the page, the pixels of its edge are repeated."""
    width, height = page_face.upright_size
    left, top = min(max(int(box.left), 0), width - 1), min(max(int(box.top), 0), height - 1)
    right, bottom = max(min(int(box.right), width), left + 1), max(min(int(box.bottom), height), top + 1)
    corners = np.array([[left, top], [right, bottom]], dtype=np.float32)
    (x1, y1), (x2, y2) = turn_points(corners, (width, height), -page_face.quarters).tolist()
    inside = page_face.page.region(Box(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)), scale)
    above, below, before, after = (
        max(0, round(scale * gap)) for gap in (top - box.top, box.bottom - bottom, left - box.left, box.right - right)
    )
    upright = np.ascontiguousarray(np.rot90(inside, page_face.quarters))
    if not any((above, below, before, after)):
        return upright
    filled = cv2.copyMakeBorder(upright, above, below, before, after, cv2.BORDER_REPLICATE)
    return np.asarray(filled, dtype=np.uint8)
