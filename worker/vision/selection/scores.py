"""Which face is the holder's portrait: by size and position, among the candidates that the gate lets through."""

import math
from dataclasses import dataclass

from worker.vision.geometry import Box

SIZE_WEIGHT = 0.7
POSITION_WEIGHT = 0.3

_SIZE_EXPONENT = 3
"""Makes a face of a quarter of the page's side, as on an ID card, score 58 and one of a twentieth 14, and keeps the
score steep where faces compete: of exponents from 1 to 6 it is the steepest at shares of 0.2 to 0.4, all in all."""

_FARTHEST = math.hypot(0.5, 1.0)  # from the middle of the top edge to a bottom corner, in sides of the page


@dataclass(frozen=True, slots=True)
class Scores:
    """How good a portrait a face would be, each 0..100."""

    size: float
    position: float
    combined: float


def size_score(box: Box, page_size: tuple[int, int]) -> float:
    """Score a face's size: ``100 * (1 - (1 - s)^3)`` with ``s = sqrt(face area / page area)``.

    Strictly increasing in the face's area, 0 for none and 100 for a face that is the whole page; independent of
    resolution and of other faces.

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
    """Score a face's place: ``100 * (1 - d / sqrt(1.25))``, d its centre's distance from the middle of the top edge.

    The distance is measured in sides of the page (x in widths, y in heights), so that it is independent of resolution
    and shape. Strictly decreasing in d; 100 in the middle of the top edge, 0 in the bottom corners.

    Parameters
    ----------
    box
        In the frame of the page, the right way up.
    page_size
        (width, height) of the page.

    """
    x, y = box.centre
    distance = math.hypot(x / page_size[0] - 0.5, y / page_size[1])
    return 100.0 * (1.0 - min(distance / _FARTHEST, 1.0))


def score(box: Box, page_size: tuple[int, int]) -> Scores:
    """Score a face by ``0.7 * size + 0.3 * position``; the frame is the page the right way up."""
    size, position = size_score(box, page_size), position_score(box, page_size)
    return Scores(size, position, SIZE_WEIGHT * size + POSITION_WEIGHT * position)
