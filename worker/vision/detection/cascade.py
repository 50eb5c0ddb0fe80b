"""A cascade of two detectors: a fast one proposes where to look, and an exact one looks there.

The exact detector sees a part of the same picture, cut along the grid of its network. Scores, boxes and landmarks are
therefore nearly those of a search of the whole picture, and every constant of its profile stays valid.
"""

from dataclasses import replace

import numpy as np

from worker.vision.detection.detector import Detector, Proposer
from worker.vision.detection.network_input import MULTIPLE
from worker.vision.geometry import Box, DetectedFace, Image

_MAX_PIXELS = 160_000
"""Larger pictures are searched only if the first search of a page, at 384 by 384 pixels or less, has found no face. Few
of their faces are obvious: glances at all sizes would make a page without a face 20% slower, instead of 4%."""

_SURE = 0.8
"""Minimum score of the best proposal. On a page that lies on its side, few proposals have this score."""

_MARGIN = 1.0  # around a proposed box, in its longer side; with 0.5, boxes differ by 3% from those on the whole picture
_MIN_MARGIN = 48  # pixels; small faces need more context for the same score

_MAX_SHARE = 0.6  # of the picture's pixels; with more, the whole picture is searched, which costs about as much


class CascadeDetector:
    """An exact detector whose glance looks only where a fast detector proposes a face.

    Parameters
    ----------
    proposer
        The fast detector.
    detector
        The exact detector, which gives the faces.

    """

    def __init__(self, proposer: Proposer, detector: Detector) -> None:
        self._proposer = proposer
        self._detector = detector
        self.profile = detector.profile

    def detect(self, image: Image) -> list[DetectedFace]:
        """Find the faces in a picture with the exact detector."""
        return self._detector.detect(image)

    def glance(self, image: Image) -> list[DetectedFace]:
        """Find the face at the proposed place; none if no proposal is sure, or if the picture is large.

        If there are several proposals, the whole picture is searched. The selection compares the scores of its faces,
        and small differences matter.
        """
        height, width = image.shape[:2]
        if height * width > _MAX_PIXELS:
            return []
        proposals = self._proposer.propose(image)
        if not proposals or proposals[0].score < _SURE:
            return []
        region = _region(proposals[0].box, width, height)
        if len(proposals) > 1 or not 0 < region.area <= _MAX_SHARE * width * height:
            return self._detector.detect(image)
        return self._faces_in(image, region)

    def _faces_in(self, image: Image, region: Box) -> list[DetectedFace]:
        left, top, right, bottom = (int(edge) for edge in (region.left, region.top, region.right, region.bottom))
        corner = np.array([left, top], dtype=np.float32)
        return [
            replace(face, box=face.box.moved(left, top), landmarks=face.landmarks + corner)
            for face in self._detector.detect(np.ascontiguousarray(image[top:bottom, left:right]))
        ]


def _region(box: Box, width: int, height: int) -> Box:
    """Return a box with its margin, extended to the grid of the network, inside a picture of this size."""
    margin = max(_MARGIN * max(box.width, box.height), _MIN_MARGIN)
    return Box(
        (box.left - margin) // MULTIPLE * MULTIPLE,
        (box.top - margin) // MULTIPLE * MULTIPLE,
        -(-(box.right + margin) // MULTIPLE) * MULTIPLE,
        -(-(box.bottom + margin) // MULTIPLE) * MULTIPLE,
    ).clipped(width, height)
