"""CenterFace: a picture in, the faces in it out.

The network (Xu et al., "CenterFace: Joint Face Detection and Alignment Using Face as Point", 2019) predicts, for each
cell of a grid of 4 by 4 pixels, whether a face is centred there, the logarithm of its size in cells, the offset of its
centre within the cell, and five landmarks relative to its box.
"""

import cv2
import numpy as np

from worker.vision.geometry import Box, Face, Image
from worker.vision.models.runtime import Array, Session

CANDIDATE_SCORE = 0.3
"""Faces below this score are not reported. Of 49 portraits in specimen documents none scores less, and of 13 pages
without a portrait at most one has anything above it (measured at a long side of 384)."""

_STRIDE = 4  # pixels of the input in one cell of the output
_MULTIPLE = 32  # the network halves its input five times
_NMS_IOU = 0.3  # two boxes that overlap more are one face; the value of the reference implementation


class CenterFaceDetector:
    """Finds upright faces, leaning up to about 30 degrees."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def detect(self, image: Image) -> list[Face]:
        """Find the faces in a picture, at the picture's own size.

        Parameters
        ----------
        image
            uint8 ``(height, width, 3)``, RGB. The cost is proportional to its pixels: scale it first.

        Returns
        -------
        list[Face]
            In the frame of the picture, boxes clipped to it, best score first.

        """
        height, width = image.shape[:2]
        heat, scale, offset, landmarks = self._session.run(_to_input(image))
        faces = _decode(heat[0, 0], scale[0], offset[0], landmarks[0])
        clipped = [Face(face.box.clipped(width, height), face.landmarks, face.score) for face in faces]
        return [face for face in clipped if face.box.area > 0]


def _to_input(image: Image) -> Array:
    """Pad to multiples of 32 with black on the right and below, and lay out as float32 ``(1, 3, H, W)``, 0..255."""
    height, width = image.shape[:2]
    padded = cv2.copyMakeBorder(image, 0, -height % _MULTIPLE, 0, -width % _MULTIPLE, cv2.BORDER_CONSTANT, value=0)
    return np.asarray(cv2.dnn.blobFromImage(padded), dtype=np.float32)


def _decode(heat: Array, scale: Array, offset: Array, landmarks: Array) -> list[Face]:
    """Turn the four output maps ``(H/4, W/4)``, ``(2, ...)``, ``(2, ...)``, ``(10, ...)`` into faces."""
    rows, columns = np.nonzero(heat >= CANDIDATE_SCORE)
    if rows.size == 0:
        return []
    scores = heat[rows, columns]
    heights, widths = np.exp(scale[:, rows, columns]) * _STRIDE
    centre_y = (rows + offset[0, rows, columns] + 0.5) * _STRIDE
    centre_x = (columns + offset[1, rows, columns] + 0.5) * _STRIDE
    left, top = centre_x - widths / 2, centre_y - heights / 2
    # Ten maps: y and x of each landmark in turn, as fractions of the box.
    relative = landmarks[:, rows, columns].reshape(5, 2, -1)
    points = np.stack([relative[:, 1] * widths + left, relative[:, 0] * heights + top], axis=-1).astype(np.float32)
    boxes = np.stack([left, top, widths, heights], axis=1)
    kept = cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), CANDIDATE_SCORE, _NMS_IOU)
    return [
        Face(
            Box(float(left[i]), float(top[i]), float(left[i] + widths[i]), float(top[i] + heights[i])),
            points[:, i],
            float(scores[i]),
        )
        for i in np.asarray(kept, dtype=np.intp).reshape(-1)
    ]
