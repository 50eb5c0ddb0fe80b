"""The scores that select the portrait among the candidates: size, position and their weighted sum."""

import math
from dataclasses import dataclass

from worker.vision.geometry import Box

SIZE_WEIGHT = 0.7
POSITION_WEIGHT = 0.3

_SIZE_EXPONENT = 3
"""With this exponent, a face with a quarter of the page's side, as on an ID card, scores 58, and one with a twentieth
scores 14. The score stays steep where faces compete: of the exponents from 1 to 6, this one is the steepest overall at
fractions of 0.2 to 0.4."""

_MAX_DISTANCE = math.hypot(0.5, 1.0)  # from the middle of the top edge to a bottom corner, in sides of the page


@dataclass(frozen=True, slots=True)
class Scores:
    """How well a face fits as the portrait, each 0..100."""

    size: float
    position: float
    combined: float


def size_score(box: Box, page_size: tuple[int, int]) -> float:
    """Score the size of a face: ``100 * (1 - (1 - s)^3)`` with ``s = sqrt(face area / page area)``.

    The score increases strictly with the area of the face. It is 0 for no area and 100 for a face that covers the page.
    It does not depend on resolution or on other faces.

    Parameters
    ----------
    box
        In the frame of the page.
    page_size
        (width, height) of the page.

    """
    share = math.sqrt(min(max(box.area / (page_size[0] * page_size[1]), 0.0), 1.0))
    return 100.0 * (1.0 - (1.0 - share) ** _SIZE_EXPONENT)


def position_score(box: Box, page_size: tuple[int, int]) -> float:
    """Score the position of a face: ``100 * (1 - d / sqrt(1.25))``.

    d is the distance from the centre of the face to the middle of the page's top edge. It is measured in sides of the
    page (x in widths, y in heights), so that it does not depend on resolution or proportions. The score decreases
    strictly with d: it is 100 in the middle of the top edge and 0 in the bottom corners.

    Parameters
    ----------
    box
        In the frame of the upright page.
    page_size
        (width, height) of the upright page.

    """
    x, y = box.centre
    distance = math.hypot(x / page_size[0] - 0.5, y / page_size[1])
    return 100.0 * (1.0 - min(distance / _MAX_DISTANCE, 1.0))


def score(box: Box, page_size: tuple[int, int]) -> Scores:
    """Score a face by ``0.7 * size + 0.3 * position``, in the frame of the upright page."""
    size, position = size_score(box, page_size), position_score(box, page_size)
    return Scores(size, position, SIZE_WEIGHT * size + POSITION_WEIGHT * position)
