"""YuNet, which proposes where a picture shows faces, in a sixth of CenterFace's time.

The network (Wu, Peng, Yu: "YuNet: A Tiny Millisecond-level Face Detector", 2023) works on three grids with cells of 8,
16 and 32 pixels. For each cell it predicts the probabilities that it belongs to a face and that a face is centred near
it, the offset of that face's centre in cells, and the logarithm of the face's size in cells.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from worker.vision.detection.detector import Proposal
from worker.vision.detection.network_input import network_input
from worker.vision.geometry import Box, Image
from worker.vision.models.runtime import Array, Session

_STRIDES = (8, 16, 32)
_NMS_IOU = 0.3  # boxes with more overlap are one face; the value of OpenCV's example

_MIN_SCORE = 0.2
"""Faces with a lower score are not proposed. It is low, so that ghost images and blurred faces are proposed too: the
detector that looks again rejects what is not a face."""


class YuNet:
    """Proposes upright faces with a roll of up to about 30 degrees."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def propose(self, image: Image) -> list[Proposal]:
        """Return the places where a uint8 RGB picture may show faces, highest score first."""
        batch = network_input(image, bgr=True)
        boxes, scores = _decode(self._session.run(batch), batch.shape[3])
        kept = cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), _MIN_SCORE, _NMS_IOU)
        return [
            Proposal(Box(left, top, left + width, top + height), float(scores[index]))
            for index in np.asarray(kept, dtype=np.intp).reshape(-1)
            for left, top, width, height in [boxes[index].tolist()]
        ]


def _decode(outputs: Sequence[Array], input_width: int) -> tuple[Array, Array]:
    """Return boxes ``(n, 4)``, as left, top, width and height in pixels, and scores ``(n,)``.

    The outputs are, for each of the three grids in turn: probabilities of a face ``(1, cells, 1)``, then those of a
    centre, then boxes ``(1, cells, 4)``. Landmarks follow, which are not used.
    """
    boxes, scores = [], []
    for level, stride in enumerate(_STRIDES):
        faces, centres, offsets = (outputs[kind * len(_STRIDES) + level][0] for kind in range(3))
        certainty = np.sqrt(faces[:, 0] * centres[:, 0])
        cells = np.flatnonzero(certainty >= _MIN_SCORE)
        rows, columns = np.divmod(cells, input_width // stride)
        centre = (np.stack([columns, rows], axis=1) + offsets[cells, :2]) * stride
        size = np.exp(offsets[cells, 2:]) * stride
        boxes.append(np.concatenate([centre - size / 2, size], axis=1))
        scores.append(certainty[cells])
    return np.concatenate(boxes).astype(np.float32), np.concatenate(scores)
